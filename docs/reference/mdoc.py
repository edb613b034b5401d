# SPDX-License-Identifier: MIT
"""An item, or several that share a page, as a manual page in mdoc(7)."""
import re
import textwrap

from headers import split


class Writer:
    """Lines of mdoc."""

    def __init__(self, pages, own):
        self.lines = []
        self.pages = pages   # name: name of its page
        self.own = own       # names that this page describes
        self.seen = set()    # pages that it refers to

    def macro(self, *words):
        last = self.lines[-1] if self.lines else ''
        if words[0] in ('Bd', 'Sh') and last == '.Pp':
            self.lines.pop()
        if words[0] == 'Pp' and last.startswith(('.Sh', '.In')):
            return
        self.lines.append('.' + ' '.join(words))

    def raw(self, text):
        """A line of text, whatever it begins with."""
        text = text.replace('\\', '\\e')
        self.lines.append('\\&' + text if text[:1] in ".'" and text else text)

    def word(self, core):
        """The macro for a word that is not plain text, or None."""
        m = re.fullmatch(r'(\w+)\(\)', core)
        if m and m.group(1) in self.pages:
            return self.refer(m.group(1)) or 'Fn %s' % m.group(1)
        if m:
            return 'Fn %s' % m.group(1)
        m = re.fullmatch(r'([a-z_0-9]+)\(([1-8])\)', core)
        if m:
            return 'Xr %s %s' % m.groups()
        if core == '@' or re.fullmatch(r'@\w+', core):
            return 'Fa %s' % core[1:]
        if re.fullmatch(r'-?E[A-Z0-9]{2,}', core):
            return 'Er %s' % core.replace('-', '\\-')
        if core == 'NULL' or re.fullmatch(r'(HLTHUNK|HL)_\w+', core):
            if core in self.pages:
                self.refer(core)
            return 'Dv %s' % core
        if re.fullmatch(r'\.[a-z]\w+', core):
            return 'Fa %s' % ('\\&' + core)
        if core.startswith('hlthunk_') and core in self.pages:
            return self.refer(core) or 'Vt %s' % core
        return None

    def refer(self, name):
        page = self.pages[name]
        if name in self.own:
            return None
        self.seen.add(page)
        return 'Xr %s 3' % name

    def text(self, text):
        """A paragraph, with what is a name in a macro."""
        line = []

        def flush():
            for part in textwrap.wrap(' '.join(line), 78, break_long_words=False,
                                      break_on_hyphens=False):
                self.raw(part)
            line.clear()

        for token in text.split():
            m = re.fullmatch(r'([(\["]*)(.*?)([.,;:!?)\]"]*)', token)
            before, core, after = m.groups()
            if core.endswith('(') and after.startswith(')'):
                core, after = core + ')', after[1:]
            elif re.search(r'\([1-8]$', core) and after.startswith(')'):
                core, after = core + ')', after[1:]
            macro = self.word(core)
            if not macro or '"' in before + after:
                line.append(token)
                # a sentence ends with its line
                if token.endswith('.') and len(token) > 2:
                    flush()
                continue
            flush()
            self.macro(macro.split()[0], *before, *macro.split()[1:], *after)
        flush()

    def paragraph(self, text, first=False):
        if not first:
            self.macro('Pp')
        if text.startswith('    '):
            self.macro('Dl', text.strip())
        else:
            self.text(text)

    def tagged(self, pairs, macro):
        self.macro('Bl', '-tag', '-width', 'Ds')
        for name, text in pairs:
            names = name.replace('@', '').split(', ')
            self.macro('It', macro, *' , '.join(names).split())
            self.text(text or '\\&')
        self.macro('El')


def function_synopsis(w, item):
    w.macro('Ft', '"%s"' % item.returns if ' ' in item.returns else item.returns)
    inner = item.code[item.code.index('(') + 1:item.code.rindex(')')]
    w.macro('Fo', item.name)
    for argument in split(inner):
        w.macro('Fa', '"%s"' % re.sub(r'\s+', ' ', argument).strip())
    w.macro('Fc')


def code_synopsis(w, item):
    w.macro('Bd', '-literal')
    for line in item.code.split('\n'):
        w.raw(line.rstrip())
    w.macro('Ed')


def self_evident(comment):
    """The object that a function is named after, and nothing else."""
    return len(comment.params) == 1 and all(
        re.match(r'the |as passed', text) for text in comment.params.values())


WORDS = {'function': 'Parameters:', 'typedef': 'Parameters:', 'struct': 'Members:',
         'enum': 'Values:'}


def description(w, comment, items, alone):
    """One comment: what its items do, its paragraphs, its parameters."""
    if alone:
        w.text(sentence(items[0].summary) + '.')
    for item in [] if alone else items:
        w.macro('Pp')
        w.macro('Fn' if item.kind == 'function' else 'Vt', item.name)
        w.text((third_person(item.summary) if item.kind == 'function' else 'is ' + item.summary) +
               '.')
    for text in comment.body:
        w.paragraph(text)
    if comment.params and (alone or not self_evident(comment)):
        w.macro('Pp')
        w.text(WORDS[items[0].kind])
        w.tagged(comment.params.items(), 'Dv' if items[0].kind == 'enum' else 'Fa')


def sentence(text):
    return text[:1].upper() + text[1:]


def third_person(summary):
    """"get a size" as what the function does: "gets a size"."""
    verb, _, rest = summary.partition(' ')
    if verb.endswith(('s', 'sh', 'ch', 'x')) and verb != 'is':
        verb += 'es'
    elif verb.endswith('y') and verb[-2] not in 'aeiou':
        verb = verb[:-1] + 'ies'
    elif verb != 'is':
        verb += 's'
    return (verb + ' ' + rest).strip()


def section(w, title, groups, name):
    """A section of the comments; once where all of them say the same."""
    texts = {}
    for comment, items in groups:
        if name in comment.sections:
            key = (comment.sections[name], tuple(map(tuple, comment.errors)) * (name == 'Errors'))
            texts.setdefault(key, []).extend(items)
    if not texts:
        return
    count = sum(len(items) for _, items in groups)
    w.macro('Sh', title)
    for i, ((text, errors), items) in enumerate(texts.items()):
        if i:
            w.macro('Pp')
        if len(items) < count:
            for item in items:
                w.macro('Fn', item.name, ':' if item is items[-1] else ',')
        if text and name == 'Errors':
            text = text.replace('the common ones', 'the common ones (hlthunk(7))')
        if text:
            w.text(sentence(text))
        if errors:
            w.tagged([(codes.replace('-', '\\-'), t) for codes, t in errors], 'Er')


def page(items, title, pages, overviews, date, library):
    """The page of items of one header; overviews: its pages in section 7."""
    w = Writer(pages, {i.name for i in items})
    w.lines.append('.\\" Made from <%s>: change the comments there.' % items[0].header)
    w.macro('Dd', date)
    w.macro('Dt', title.upper(), '3')
    w.macro('Os', 'libhlthunk')
    w.macro('Sh', 'NAME')
    for i, item in enumerate(items):
        w.macro('Nm', item.name, *([','] if i < len(items) - 1 else []))
    w.macro('Nd', items[0].summary + (' …' if len(items) > 1 else ''))
    w.macro('Sh', 'LIBRARY')
    w.text(library)
    w.macro('Sh', 'SYNOPSIS')
    w.macro('na')  # groff warns of long names that it cannot adjust
    w.macro('In', items[0].header)
    w.macro('Pp')
    for item in items:
        (function_synopsis if item.kind == 'function' else code_synopsis)(w, item)
    groups = []
    for item in items:
        if not groups or groups[-1][0] is not item.comment:
            groups.append((item.comment, []))
        groups[-1][1].append(item)
    w.macro('ad')
    w.macro('Sh', 'DESCRIPTION')
    for comment, of in groups:
        description(w, comment, of, len(items) == 1)
    section(w, 'THREADS', groups, 'Context')
    section(w, 'RETURN VALUES', groups, 'Return')
    section(w, 'ERRORS', groups, 'Errors')
    section(w, 'SOURCE', groups, 'Source')
    for item in items:
        for name in re.findall(r'\bhlthunk_\w+', item.code):
            if name in pages and pages[name] != title:
                w.seen.add(pages[name])
    also = [(n, '3') for n in sorted(w.seen - {title}, key=str.lower)]
    also += [(n, '7') for n in overviews]
    w.macro('Sh', 'SEE ALSO')
    for i, (name, number) in enumerate(also):
        w.macro('Xr', name, number, *([','] if i < len(also) - 1 else []))
    w.macro('Sh', 'HISTORY')
    versions = sorted({i.comment.sections.get('Since', '0.9') for i in items})
    w.text('Since version %s.' % ', '.join(versions))
    return '\n'.join(w.lines) + '\n'
