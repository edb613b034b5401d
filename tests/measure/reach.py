# SPDX-License-Identifier: MIT
"""Which tests reach which lines of lib/: each is run once in a build with counters
(-Db_coverage=true), which it writes to a folder of its own."""
import glob
import hashlib
import json
import os
import shutil
import subprocess


class Reach:
    """What was recorded, a line of JSON for each test, in a file that later runs continue."""

    def __init__(self, path, tree, build):
        self.path, self.tree, self.build = path, tree, build
        self.tests = {}
        if os.path.exists(path):
            with open(path, encoding='utf-8') as f:
                for line in f:
                    self.add(json.loads(line))

    def add(self, record):
        for entry in record['lines'].values():
            entry['ran'] = set(entry['ran'])
        self.tests[record['name']] = record

    def knows(self, test):
        """Whether a test was recorded as it is now."""
        return self.tests.get(test['name'], {}).get('key') == test['key']

    def record(self, test, run_one):
        """Runs a test of the build with counters; run_one(test, environment) is (passed, seconds)."""
        name = test['name'].replace('/', '_').replace(' ', '_')
        counts = os.path.join(os.path.dirname(self.path), 'counts-' + name)
        shutil.rmtree(counts, ignore_errors=True)
        os.makedirs(counts)
        passed, seconds = run_one(test, {'GCOV_PREFIX': counts, 'GCOV_ERROR_FILE': '/dev/null'})
        lines = self.read(counts) if passed else {}
        shutil.rmtree(counts, ignore_errors=True)
        self.write(test, passed, seconds, lines)

    def write(self, test, passed, seconds, lines):
        record = {'name': test['name'], 'key': test['key'], 'passed': passed, 'seconds': seconds, 'lines': lines}
        with open(self.path, 'a', encoding='utf-8') as f:
            f.write(json.dumps(record) + '\n')
        self.add(record)

    def hash(self, path):
        with open(os.path.join(self.tree, path), 'rb') as f:
            return hashlib.sha256(f.read()).hexdigest()[:16]

    def read(self, counts):
        """{file: its hash, the lines that have code, and those that ran} of the counters in a folder."""
        files = []
        for folder in ('lib', 'diag'):
            files += glob.glob(f'{counts}{self.build}/{folder}/*.p/*.gcda')
        for path in files:
            notes = path[:-len('gcda')] + 'gcno'
            os.symlink(notes[len(counts):], notes)
        lines = {}
        if not files:
            return lines
        done = subprocess.run(['gcov', '--stdout', '--json-format', *files], cwd=self.build, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for answer in done.stdout.splitlines():
            for f in json.loads(answer)['files']:
                path = os.path.relpath(os.path.join(self.build, f['file']), self.tree)
                if path.startswith('lib/') and path.endswith('.c'):
                    entry = lines.setdefault(path, {'hash': self.hash(path), 'code': [], 'ran': []})
                    entry['code'] = sorted({n['line_number'] for n in f['lines']})
                    entry['ran'] = sorted({n['line_number'] for n in f['lines'] if n['count']}.union(entry['ran']))
        return lines

    def of(self, path, number):
        """The names of the tests that reach a line, or its file if that is another since."""
        entries = {n: r['lines'][path] for n, r in self.tests.items() if path in r['lines']}
        now = self.hash(path)
        code = {n for e in entries.values() if e['hash'] == now for n in e['code']}
        # a statement of several lines is known by its first
        line = max((n for n in code if n <= number), default=None)
        if line is not None:
            return [n for n, e in entries.items() if (line in e['ran'] if e['hash'] == now else e['ran'])]
        # data: whoever reaches what uses it
        folder = os.path.dirname(path) + '/'
        return [n for n, r in self.tests.items()
                if any(e['ran'] for p, e in r['lines'].items() if p.startswith(folder))]
