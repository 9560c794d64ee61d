#!/usr/bin/env bash
# websockets 17.4: Headers.get(name, default), of a class that is a Mapping, does not answer with a value or the default
# where the header came twice, as the Date or Server of a response does behind some proxies: it raises
# MultipleValuesError, a LookupError that is no subclass of what Mapping.get catches by its own (KeyError).
# Seen:
#   one Date: Mon, 30 Nov 2026 10:00:00 GMT
#   two: MultipleValuesError, a KeyError: False
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q websockets==17.4
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from websockets.datastructures import Headers

headers = Headers(Date='Mon, 30 Nov 2026 10:00:00 GMT')
print(f'one Date: {headers.get("Date")}')
headers['Date'] = 'Mon, 30 Nov 2026 10:00:01 GMT'
try:
    headers.get('Date')
except LookupError as error:
    print(f'two: {type(error).__name__}, a KeyError: {isinstance(error, KeyError)}')
    sys.exit(isinstance(error, KeyError))
sys.exit(1)
PYTHON
