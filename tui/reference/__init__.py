"""Reference data: names of funds, and holidays of the exchanges."""
