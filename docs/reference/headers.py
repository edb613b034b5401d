# SPDX-License-Identifier: MIT
"""The public headers as data: what is declared, and what its comment says.

A comment has one shape:

    /**
     * NAME() - what it does
     * @parameter: what it is
     * @one, @another: what they are
     *
     * Paragraphs.
     *
     * Return: what is returned.
     *
     * Errors: a sentence
     *   -ECODE, -ECODE: when
     *
     * Context: threads; blocking.
     * Source: where a fact is from.
     * Since: VERSION
     */

with "struct NAME", "enum NAME", "typedef NAME" or "define NAME" for what is not a function.  Functions
that belong together may share a comment, with a first line for each.
"""
import re
from dataclasses import dataclass, field

SECTIONS = ('Return', 'Errors', 'Context', 'Source', 'Since')


@dataclass
class Comment:
    names: dict = field(default_factory=dict)     # name: what it does
    params: dict = field(default_factory=dict)    # '@name, @name': text
    body: list = field(default_factory=list)      # paragraphs
    sections: dict = field(default_factory=dict)  # name: text
    errors: list = field(default_factory=list)    # ['-ECODE, -ECODE', text]


@dataclass
class Item:
    kind: str                 # function, struct, enum, typedef, define
    name: str
    header: str               # as programs include it
    code: str                 # the declaration
    comment: Comment = None

    @property
    def described(self):
        return re.findall(r'@(\w+)', ' '.join(self.comment.params))

    @property
    def summary(self):
        return self.comment.names[self.name]

    @property
    def declared(self):
        """The names that need a line: parameters, members, enumerators."""
        if self.kind == 'function' or self.kind == 'typedef':
            inner = self.code[self.code.rindex('(', 0, self._open() + 1) + 1:self.code.rindex(')')]
            return [] if inner.strip() == 'void' else [declarator(a) for a in split(inner)]
        if self.kind == 'struct':
            inner = self.code[self.code.index('{') + 1:self.code.rindex('}')]
            inner = re.sub(r'[{}]|\b(__extension__|union)\b', '', inner)
            names = [n for member in inner.split(';') if member.strip()
                     for n in member_names(member)]
            return [n for n in names if not re.fullmatch(r'reserved\d*', n)]
        if self.kind == 'enum':
            inner = self.code[self.code.index('{') + 1:self.code.rindex('}')]
            return [e.split('=')[0].strip() for e in inner.split(',') if e.strip()]
        return []

    def _open(self):
        """Where the list of parameters begins: for a type, the second parenthesis."""
        at = self.code.index('(')
        return self.code.index('(', self.code.index(')', at)) if self.kind == 'typedef' else at

    @property
    def returns(self):
        """The type of the result."""
        if self.kind == 'typedef':
            return self.code[len('typedef'):self.code.index('(')].strip()
        return re.sub(r'\s*\b%s\s*$' % self.name, '', self.code[:self._open()]).strip()

    def complaints(self):
        """What the comment lacks."""
        where = f'{self.header}: {self.name}'
        if not self.comment:
            yield f'{where} has no comment'
            return
        for n in self.declared:
            if n not in self.described:
                yield f'{where}: @{n} is not described'
        wanted = [] if self.kind == 'define' else ['Since']
        if self.kind == 'function':
            wanted.append('Context')
        if self.kind in ('function', 'typedef') and self.returns != 'void':
            wanted.append('Return')
        if self.kind == 'function' and 'negative errno' in self.comment.sections.get('Return', ''):
            wanted.append('Errors')
        for w in wanted:
            if w not in self.comment.sections:
                yield f'{where}: no {w}:'
        for code, text in self.comment.errors:
            if re.search(r' -E[A-Z0-9]+(, -E[A-Z0-9]+)*: ', text):
                yield f'{where}: {code}: another error has run into its line'


def split(parameters):
    """At commas that are not within parentheses."""
    depth, start, parts = 0, 0, []
    for i, c in enumerate(parameters):
        depth += (c == '(') - (c == ')')
        if c == ',' and not depth:
            parts.append(parameters[start:i])
            start = i + 1
    return parts + [parameters[start:]]


def declarator(text):
    m = re.search(r'\(\s*\*\s*(\w+)\s*\)', text) or re.search(r'(\w+)\s*(\[[^]]*\]\s*)*$', text)
    return m.group(1)


def member_names(member):
    """Of "const char *a" or "uint64_t a, b"."""
    return [declarator(m) for m in split(re.sub(r'\s+', ' ', member))]


def parse_comment(text):
    """None: not of the shape."""
    comment = Comment()
    lines = [re.sub(r'^\s*\*? ?', '', line).rstrip() for line in text.strip().split('\n')]
    while lines and lines[0] and not lines[0].startswith('@'):
        m = re.match(r'(?:struct |enum |typedef |define )?(\w+)(?:\(\))? - (.*)', lines[0])
        if m:
            name = m.group(1)
            comment.names[name] = m.group(2)
        elif comment.names:
            comment.names[name] += ' ' + lines[0].strip()
        else:
            return None
        lines.pop(0)
    into = None
    paragraph = []

    def flush():
        if paragraph:
            comment.body.append(' '.join(paragraph))
            paragraph.clear()

    for line in lines:
        section = re.match(r'(%s):\s*(.*)' % '|'.join(SECTIONS), line)
        param = re.match(r'@(\w+(?:, @\w+)*):\s*(.*)', line)
        error = re.match(r'  (-E\w+(?:, -E\w+)*):\s*(.*)', line)
        if section:
            flush()
            into = section.group(1)
            comment.sections[into] = section.group(2)
        elif param and (into is None or into.startswith('@')):
            into = '@' + param.group(1)
            comment.params[into] = param.group(2)
        elif error and into == 'Errors':
            comment.errors.append([error.group(1), error.group(2)])
        elif not line:
            flush()
            into = None
        elif into == 'Errors' and comment.errors:
            comment.errors[-1][1] += ' ' + line.strip()
        elif into in SECTIONS:
            comment.sections[into] += ' ' + line.strip()
        elif into:
            comment.params[into] += ' ' + line.strip()
        else:
            paragraph.append(line)
    flush()
    return comment


KINDS = (
    ('define', re.compile(r'#define (HLTHUNK_\w+)[^\n\\]*(?:\\\n[^\n\\]*)*')),
    ('struct', re.compile(r'struct (\w+)\s*\{.*?\n\};', re.S)),
    ('enum', re.compile(r'enum (\w+)\s*\{.*?\n\};', re.S)),
    ('typedef', re.compile(r'typedef [^;]*?\(\*(\w+)\)\([^;]*;', re.S)),
    ('function', re.compile(r'(?:HLTHUNK_API|hlthunk_public)\s[^;]*?\b(hlthunk_\w+)\([^;]*;', re.S)),
)


def parse(path, header):
    """What a header declares, in its order, and complaints about its comments."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    comments, shared, complaints = {}, {}, []
    for m in re.finditer(r'/\*(\*?)(.*?)\*/', text, re.S):
        comment = parse_comment(m.group(2)) if m.group(1) else None
        if comment:
            comments[m.end()] = comment
            shared.update({name: comment for name in comment.names})
    # the same length, so that places agree
    bare = re.sub(r'/\*.*?\*/', lambda m: ' ' * len(m.group(0)), text, flags=re.S)
    items = []
    for kind, pattern in KINDS:
        for m in pattern.finditer(bare):
            if kind == 'define' and re.search(r'_H$|_HAS_|^hlthunk_public$', m.group(1)):
                continue
            code = re.sub(r'\b(HLTHUNK_API|HLTHUNK_MUST_CHECK|hlthunk_public)\s+', '', m.group(0))
            code = '\n'.join(line.rstrip() for line in code.strip().split('\n'))
            item = Item(kind, m.group(1), header, code)
            item.comment = comments.get(len(text[:m.start()].rstrip())) or shared.get(item.name)
            if item.comment and item.name not in item.comment.names:
                complaints.append(f'{header}: the comment before {item.name} is of another name')
                item.comment = None
            items.append((m.start(), item))
    items = [item for _, item in sorted(items, key=lambda pair: pair[0])]
    for item in items:
        complaints.extend(item.complaints())
    names = {item.name for item in items}
    for comment in shared.values():
        declared = {n for item in items if item.comment is comment for n in item.declared}
        for n in [n for n in re.findall(r'@(\w+)', ' '.join(comment.params)) if n not in declared]:
            complaints.append(f'{header}: {next(iter(comment.names))}: @{n} is not there')
        for n in [n for n in comment.names if n not in names]:
            complaints.append(f'{header}: {n} has a comment, but is not declared')
    return items, sorted(set(complaints))
