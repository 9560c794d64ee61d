#!/usr/bin/env bash
# msgspec 0.22.0 and 0.23.0: for a string that is not UTF-8 the first raises UnicodeDecodeError, which is no DecodeError of
# its own, the second its own DecodeError. A program that tells "not UTF-8" from "not JSON" by the class counts other
# things after the upgrade, and one that caught msgspec.DecodeError alone was ended by such a string before it.
# Seen:
#   0.22.0: UnicodeDecodeError, a DecodeError: False
#   0.23.0: DecodeError, a DecodeError: True
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
seen=""
for version in 0.22.0 0.23.0; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install -q "msgspec==$version"
  line="$("$folder/$version/bin/python" - <<'PYTHON'
import msgspec

try:
    msgspec.json.decode(b'"\xff"')
except Exception as error:
    print(f"{msgspec.__version__}: {type(error).__name__}, a DecodeError: {isinstance(error, msgspec.DecodeError)}")
PYTHON
)"
  echo "$line"
  seen+="$line|"
done
[ "$seen" = "0.22.0: UnicodeDecodeError, a DecodeError: False|0.23.0: DecodeError, a DecodeError: True|" ]
