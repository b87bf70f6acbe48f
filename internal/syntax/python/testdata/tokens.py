"""Writes the tokens of Python files, one a line, as cpython_test.go writes Headgate's.

Files come in, and answers go out, as in dump.py. A token is its kind and the byte offsets of its beginning and its end.
"""

import ast
import io
import re
import sys
import token
import tokenize
import warnings

KINDS = {token.NAME: "name", token.NUMBER: "number", token.STRING: "string", token.OP: "mark"}
LAYOUT = {token.NEWLINE: "newline", token.INDENT: "indent", token.DEDENT: "dedent"}
STARTS = {getattr(token, n, None) for n in ("FSTRING_START", "TSTRING_START")}
ENDS = {getattr(token, n, None) for n in ("FSTRING_END", "TSTRING_END")}


def tokens(source):
    ast.parse(source)
    source.decode()
    lines = [0, 0] + [m.end() for m in re.finditer(rb"\n", source)]
    if source.startswith(b"\xef\xbb\xbf"):
        lines[1] = 3
    text = source.decode("utf-8-sig").split("\n")

    def offset(place):
        row, column = place
        return lines[row] + len(text[row - 1][:column].encode())

    out = []
    depth = 0
    for t in tokenize.tokenize(io.BytesIO(source).readline):
        if t.type in STARTS:
            if depth == 0:
                start = offset(t.start)
            depth += 1
        elif t.type in ENDS:
            depth -= 1
            if depth == 0:
                out.append("string %d %d\n" % (start, offset(t.end)))
        elif depth == 0 and t.type in KINDS:
            out.append("%s %d %d\n" % (KINDS[t.type], offset(t.start), offset(t.end)))
        elif depth == 0 and t.type in LAYOUT:
            out.append(LAYOUT[t.type] + "\n")
    return "".join(out).encode()


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        try:
            with open(line.rstrip("\n"), "rb") as f:
                source = f.read()
            if re.search(rb"\r(?!\n)", source):
                raise ValueError("tokenize knows no lone carriage return")
            out = tokens(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
            sys.stdout.buffer.write(b"refused\n")
        else:
            sys.stdout.buffer.write(b"ok %d\n" % len(out) + out)
        sys.stdout.buffer.flush()


main()
