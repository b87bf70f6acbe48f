"""Writes the trees of Python files as S-expressions, as dump_test.go writes Headgate's.

The names of the files come in on standard input, one a line. For each file that this Python takes, there goes out
one line "ok LENGTH" with the dump behind it, else a line "refused".
"""

import ast
import re
import struct
import sys
import warnings

OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.FloorDiv: "//",
    ast.Invert: "~", ast.Not: "not", ast.UAdd: "+", ast.USub: "-", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip

UNQUOTED = re.compile(r'[\\"\x00-\x1f\ud800-\udfff]')


def escape(m):
    c = m.group()
    if c in '\\"':
        return "\\" + c
    return "\\x%02x" % ord(c) if c < " " else "\ufffd"


def quote(s):
    return ' "' + UNQUOTED.sub(escape, s) + '"'


class Dumper:
    def __init__(self, source):
        self.source = source
        self.out = []
        self.lines = [0, 0]
        self.lines += [m.end() for m in re.finditer(rb"\r\n|\r|\n", source)]
        if source.startswith(b"\xef\xbb\xbf"):
            self.lines[1] = 3
        try:
            source.decode()
            self.spans = True
        except UnicodeDecodeError:
            self.spans = False

    def span(self, n):
        return (self.lines[n.lineno] + n.col_offset, self.lines[n.end_lineno] + n.end_col_offset)

    def open(self, tag, n, start=None):
        if self.spans:
            start, end = self.span(n)
            self.out.append("(%s@%d:%d" % (tag, start, end))
        else:
            self.out.append("(" + tag)

    def simple(self, tag, n, *children):
        self.open(tag, n)
        for c in children:
            self.expr(c)
        self.out.append(")")

    def expr(self, e):
        self.out.append(" ")
        if e is None:
            self.out.append("-")
        else:
            getattr(self, type(e).__name__)(e)

    def exprs(self, list):
        for e in list:
            self.expr(e)

    def word(self, s):
        self.out.append(" " + s)

    def close(self):
        self.out.append(")")

    def Name(self, e):
        self.open("name", e)
        self.word(e.id)
        self.close()

    def Attribute(self, e):
        self.open("attr", e)
        self.expr(e.value)
        self.word(e.attr)
        self.close()

    def Call(self, e):
        self.open("call", e)
        self.expr(e.func)
        self.exprs(e.args)
        self.keywords(e.keywords)
        self.close()

    def keywords(self, list):
        for k in list:
            self.out.append(" ")
            self.open("keyword", k)
            self.word(k.arg or "**")
            self.expr(k.value)
            self.close()

    def opaque(self, e):
        start, end = self.span(e)
        return self.opaque_file and rb"\N{" in self.source[start:end]

    def Constant(self, e):
        v = e.value
        if v is None or v is True or v is False or v is ...:
            self.open("const", e)
            self.word("..." if v is ... else repr(v))
        elif isinstance(v, str):
            self.open("str", e)
            self.out.append(" ?" if self.opaque(e) else quote(v))
        elif isinstance(v, bytes):
            self.open("bytes", e)
            self.out.append(" ?" if self.opaque(e) else quote(v.decode("latin-1")))
        else:
            self.open("number", e)
            if isinstance(v, int):
                self.word("%x" % v)
            elif isinstance(v, float):
                self.word("f" + struct.pack(">d", v).hex())
            else:
                self.word("j" + struct.pack(">d", v.imag).hex())
        self.close()

    def JoinedStr(self, e, tag="fstr"):
        self.open(tag, e)
        if self.opaque(e):
            self.word("?")
        else:
            spans, self.spans = self.spans, False
            self.pieces(e.values)
            self.spans = spans
        self.close()

    def TemplateStr(self, e):
        self.JoinedStr(e, "tstr")

    def pieces(self, values):
        text = ""
        for v in values:
            if isinstance(v, ast.Constant):
                text += v.value
                continue
            if isinstance(v, ast.JoinedStr):  # a specification of several parts, in some versions
                text += "".join(c.value for c in v.values)
                continue
            if text:
                self.out.append(quote(text))
                text = ""
            self.out.append(" (hole")
            self.expr(v.value)
            self.word(chr(v.conversion) if v.conversion > 0 else "-")
            if v.format_spec is not None:
                self.out.append(" (spec")
                self.pieces(v.format_spec.values)
                self.close()
            self.close()
        if text:
            self.out.append(quote(text))

    def Tuple(self, e):
        self.simple("tuple", e, *e.elts)

    def List(self, e):
        self.simple("list", e, *e.elts)

    def Set(self, e):
        self.simple("set", e, *e.elts)

    def Dict(self, e):
        self.open("dict", e)
        for k, v in zip(e.keys, e.values):
            self.expr(k)
            self.expr(v)
        self.close()

    def BinOp(self, e):
        self.binary("binary " + OPERATORS[type(e.op)], e, e.left, e.right)

    def binary(self, tag, e, left, right):
        self.simple(tag, e, left, right)

    def UnaryOp(self, e):
        self.simple("unary " + OPERATORS[type(e.op)], e, e.operand)

    def BoolOp(self, e):
        self.simple(OPERATORS[type(e.op)], e, *e.values)

    def Compare(self, e):
        self.open("compare", e)
        self.expr(e.left)
        for op, c in zip(e.ops, e.comparators):
            self.word(OPERATORS[type(op)])
            self.expr(c)
        self.close()

    def IfExp(self, e):
        self.simple("ifexp", e, e.test, e.body, e.orelse)

    def Lambda(self, e):
        self.open("lambda", e)
        self.params(e.args)
        self.expr(e.body)
        self.close()

    def params(self, a):
        self.out.append(" (params")
        plain = [("positional", p) for p in a.posonlyargs] + [("plain", p) for p in a.args]
        defaults = [None] * (len(plain) - len(a.defaults)) + a.defaults
        for (kind, p), default in zip(plain, defaults):
            self.param(kind, p, default)
        if a.vararg:
            self.param("*", a.vararg, None)
        for p, default in zip(a.kwonlyargs, a.kw_defaults):
            self.param("keyword", p, default)
        if a.kwarg:
            self.param("**", a.kwarg, None)
        self.close()

    def param(self, kind, p, default):
        self.out.append(" (" + kind)
        self.word(p.arg)
        self.expr(p.annotation)
        self.expr(default)
        self.close()

    def Subscript(self, e):
        self.simple("index", e, e.value, e.slice)

    def Slice(self, e):
        self.simple("slice", e, e.lower, e.upper, e.step)

    def Starred(self, e):
        self.simple("star", e, e.value)

    def comprehension(self, tag, e, elt, value=None):
        self.open(tag, e)
        self.expr(elt)
        self.expr(value)
        for c in e.generators:
            if c.is_async:
                self.word("async")
            self.out.append(" (for")
            self.expr(c.target)
            self.expr(c.iter)
            self.exprs(c.ifs)
            self.close()
        self.close()

    def ListComp(self, e):
        self.comprehension("listcomp", e, e.elt)

    def SetComp(self, e):
        self.comprehension("setcomp", e, e.elt)

    def DictComp(self, e):
        self.comprehension("dictcomp", e, e.key, e.value)

    def GeneratorExp(self, e):
        self.comprehension("generator", e, e.elt)

    def Await(self, e):
        self.simple("await", e, e.value)

    def Yield(self, e):
        self.simple("yield", e, e.value)

    def YieldFrom(self, e):
        self.simple("yieldfrom", e, e.value)

    def NamedExpr(self, e):
        self.simple("named", e, e.target, e.value)

    # Statements.

    def body(self, tag, list):
        if tag != "body" and not list:
            return
        self.out.append(" (" + tag)
        for s in list:
            self.out.append(" ")
            getattr(self, type(s).__name__)(s)
        self.close()

    def aliases(self, names):
        for a in names:
            self.out.append(" ")
            self.open("alias", a)
            self.word(a.name)
            if a.asname:
                self.word(a.asname)
            self.close()

    def Import(self, s):
        self.open("import", s)
        self.aliases(s.names)
        self.close()

    def ImportFrom(self, s):
        self.open("from", s)
        self.word("." * s.level + (s.module or ""))
        self.aliases(s.names)
        self.close()

    def Assign(self, s):
        self.simple("assign", s, *s.targets, s.value)

    def AnnAssign(self, s):
        self.simple("annassign", s, s.target, s.annotation, s.value)

    def AugAssign(self, s):
        self.simple("augassign " + OPERATORS[type(s.op)], s, s.target, s.value)

    def Expr(self, s):
        self.simple("expr", s, s.value)

    def Return(self, s):
        self.simple("return", s, s.value)

    def Pass(self, s):
        self.simple("pass", s)

    def Break(self, s):
        self.simple("break", s)

    def Continue(self, s):
        self.simple("continue", s)

    def Raise(self, s):
        self.simple("raise", s, s.exc, s.cause)

    def Delete(self, s):
        self.simple("del", s, *s.targets)

    def Assert(self, s):
        self.simple("assert", s, s.test, s.msg)

    def names(self, tag, s):
        self.open(tag, s)
        for n in s.names:
            self.word(n)
        self.close()

    def Global(self, s):
        self.names("global", s)

    def Nonlocal(self, s):
        self.names("nonlocal", s)

    def typeparams(self, s):
        for t in getattr(s, "type_params", []):
            self.out.append(" ")
            self.open("typeparam", t)
            stars = {"TypeVar": "", "TypeVarTuple": "*", "ParamSpec": "**"}[type(t).__name__]
            self.word(stars + t.name)
            self.expr(getattr(t, "bound", None))
            self.expr(getattr(t, "default_value", None))
            self.close()

    def TypeAlias(self, s):
        self.open("type", s)
        self.word(s.name.id)
        self.typeparams(s)
        self.expr(s.value)
        self.close()

    def If(self, s):
        self.open("if", s)
        self.expr(s.test)
        self.body("body", s.body)
        self.body("else", s.orelse)
        self.close()

    def For(self, s, tag="for"):
        self.open(tag, s)
        self.expr(s.target)
        self.expr(s.iter)
        self.body("body", s.body)
        self.body("else", s.orelse)
        self.close()

    def AsyncFor(self, s):
        self.For(s, "asyncfor")

    def While(self, s):
        self.open("while", s)
        self.expr(s.test)
        self.body("body", s.body)
        self.body("else", s.orelse)
        self.close()

    def With(self, s, tag="with"):
        self.open(tag, s)
        for item in s.items:
            self.out.append(" (item")
            self.expr(item.context_expr)
            self.expr(item.optional_vars)
            self.close()
        self.body("body", s.body)
        self.close()

    def AsyncWith(self, s):
        self.With(s, "asyncwith")

    def Try(self, s, tag="try"):
        self.open(tag, s)
        self.body("body", s.body)
        for h in s.handlers:
            self.out.append(" ")
            self.open("except", h)
            self.expr(h.type)
            if h.name:
                self.word(h.name)
            self.body("body", h.body)
            self.close()
        self.body("else", s.orelse)
        self.body("finally", s.finalbody)
        self.close()

    def TryStar(self, s):
        self.Try(s, "try*")

    def decorators(self, s):
        for e in s.decorator_list:
            self.word("@")
            self.expr(e)

    def FunctionDef(self, s, tag="def"):
        self.open(tag, s)
        self.word(s.name)
        self.decorators(s)
        self.typeparams(s)
        self.params(s.args)
        self.expr(s.returns)
        self.body("body", s.body)
        self.close()

    def AsyncFunctionDef(self, s):
        self.FunctionDef(s, "asyncdef")

    def ClassDef(self, s):
        self.open("class", s)
        self.word(s.name)
        self.decorators(s)
        self.typeparams(s)
        self.exprs(s.bases)
        self.keywords(s.keywords)
        self.body("body", s.body)
        self.close()

    # Patterns, written as the expressions that they look like.

    def Match(self, s):
        self.open("match", s)
        self.expr(s.subject)
        for c in s.cases:
            self.out.append(" (case")
            spans, self.spans = self.spans, False
            self.expr(c.pattern)
            self.spans = spans
            self.expr(c.guard)
            self.body("body", c.body)
            self.close()
        self.close()

    def MatchValue(self, p):
        getattr(self, type(p.value).__name__)(p.value)

    def MatchSingleton(self, p):
        self.out.append("(const %r)" % (p.value,))

    def MatchSequence(self, p):
        self.simple("seq", p, *p.patterns)

    def MatchStar(self, p):
        self.out.append("(star (name %s))" % (p.name or "_"))

    def MatchMapping(self, p):
        self.open("dict", p)
        for k, v in zip(p.keys, p.patterns):
            self.expr(k)
            self.expr(v)
        if p.rest:
            self.out.append(" - (name %s)" % p.rest)
        self.close()

    def MatchClass(self, p):
        self.open("call", p)
        self.expr(p.cls)
        self.exprs(p.patterns)
        for name, v in zip(p.kwd_attrs, p.kwd_patterns):
            self.out.append(" (keyword " + name)
            self.expr(v)
            self.close()
        self.close()

    def MatchAs(self, p):
        if p.pattern is None:
            self.out.append("(name %s)" % (p.name or "_"))
            return
        self.open("as", p)
        self.expr(p.pattern)
        self.word(p.name)
        self.close()

    def MatchOr(self, p):
        self.simple("alternatives", p, *p.patterns)


def dump(source):
    tree = ast.parse(source)
    d = Dumper(source)
    d.opaque_file = rb"\N{" in source
    for s in tree.body:
        getattr(d, type(s).__name__)(s)
        d.out.append("\n")
    return "".join(d.out).encode()


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20000)
    for line in sys.stdin:
        try:
            with open(line.rstrip("\n"), "rb") as f:
                out = dump(f.read())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            sys.stdout.buffer.write(b"refused\n")
        else:
            sys.stdout.buffer.write(b"ok %d\n" % len(out) + out)
        sys.stdout.buffer.flush()


main()
