#!/usr/bin/env bash
# msgspec 0.23.0: a complete JSON text that holds the escape of half a surrogate pair, which the grammar of RFC 8259
# allows (section 8.2 names it), is refused as "Input data was truncated". Nothing is missing from it; json.loads of the
# standard library reads it. Whoever reports the words of the error looks for a cut connection.
# Seen:
#   json.loads reads a string of 1 character
#   msgspec: DecodeError: Input data was truncated
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q msgspec==0.23.0
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys

import msgspec

text = rb'"\ud800"'
print(f'json.loads reads a string of {len(json.loads(text))} character')
try:
    msgspec.json.decode(text)
except msgspec.DecodeError as error:
    print(f'msgspec: {type(error).__name__}: {error}')
    sys.exit('truncated' not in str(error))
sys.exit(1)
PYTHON
