#!/usr/bin/env python3
"""The style ratchet behind `make tidy`.

Reads every Swift file and checks what the compiler does not: lengths, imports,
`unsafe`, banned calls, leftovers, documentation. Numbers that are not yet
where they should be stand in Tools/tidy/*.txt and may only shrink; `--update`
writes the smaller ones down.
"""

import os
import re
import sys
from collections import defaultdict

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLES = os.path.join(ROOT, "Tools", "tidy")
FILE_LINES = 600
FUNCTION_LINES = 70
STORED_PROPERTIES = 20
# Rooms without a single `unsafe`.
SAFE = {"RESP", "Engine", "Commands", "Server"}
# Where running out of memory or a broken invariant may end the process.
MAY_TRAP = {"Primitives", "Structures"}

problems = []


def problem(path, line, text):
    problems.append(f"{os.path.relpath(path, ROOT)}:{line}: {text}")


def strip_code(text):
    """The source with comments and string contents blanked, line breaks kept, and its comments by line."""
    out, comments = [], defaultdict(str)
    i, line, n = 0, 1, len(text)
    while i < n:
        c = text[i]
        if text.startswith("//", i):
            end = text.find("\n", i)
            end = n if end < 0 else end
            comments[line] += text[i:end]
            i = end
        elif text.startswith("/*", i):
            depth, start = 1, i
            i += 2
            while i < n and depth:
                if text.startswith("/*", i):
                    depth, i = depth + 1, i + 2
                elif text.startswith("*/", i):
                    depth, i = depth - 1, i + 2
                else:
                    i += 1
            for part in text[start:i].split("\n"):
                comments[line] += part
                line += 1
            line -= 1
            out.append("\n" * text.count("\n", start, i))
        elif text.startswith('"""', i):
            end = text.find('"""', i + 3)
            end = n if end < 0 else end + 3
            out.append('""' + "\n" * text.count("\n", i, end))
            line += text.count("\n", i, end)
            i = end
        elif c == '"':
            i += 1
            depth = 0
            while i < n and (text[i] != '"' or depth) and text[i] != "\n":
                if text[i] == "\\" and i + 1 < n:
                    if text[i + 1] == "(":
                        depth += 1
                    i += 2
                    continue
                if depth and text[i] == "(":
                    depth += 1
                elif depth and text[i] == ")":
                    depth -= 1
                i += 1
            i += 1
            out.append('""')
        else:
            out.append(c)
            line += c == "\n"
            i += 1
    return "".join(out), comments


def read_table(name, value):
    table = {}
    path = os.path.join(TABLES, name)
    if not os.path.exists(path):
        return table
    with open(path, encoding="utf-8") as file:
        for row in file:
            row = row.split("#")[0].strip()
            if row:
                key, _, rest = row.partition(":")
                table[key.strip()] = value(rest.strip())
    return table


def write_table(name, head, table):
    with open(os.path.join(TABLES, name), "w", encoding="utf-8") as file:
        file.write("".join(f"# {row}\n" for row in head))
        file.write("".join(f"{key}: {table[key]}\n" for key in sorted(table)))


class Source:
    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.target = os.path.relpath(path, os.path.join(ROOT, "Sources")).split(os.sep)[0]
        self.lines = self.text.split("\n")
        self.code, self.comments = strip_code(self.text)
        self.code_lines = self.code.split("\n")


def check_lengths(source):
    if source.text.count("\n") > FILE_LINES:
        problem(source.path, 1, f"{len(source.lines)} lines, {FILE_LINES} at most: split the file")
    for start, end in bodies(source, re.compile(r"\b(func\b|init[?(<]|deinit\b|subscript\b)")):
        if end - start + 1 > FUNCTION_LINES:
            problem(source.path, start, f"a function of {end - start + 1} lines, {FUNCTION_LINES} at most")


def bodies(source, pattern):
    """First and last line of every braced body whose head matches `pattern`."""
    for number, text in enumerate(source.code_lines, 1):
        match = pattern.search(text)
        if not match or re.search(r"[.\w]\s*$", text[: match.start()]) and text[: match.start()].rstrip().endswith("."):
            continue
        depth, parens, opened = 0, 0, False
        for index in range(number - 1, min(len(source.code_lines), number + 2000)):
            row = source.code_lines[index][match.start() if index == number - 1 else 0:]
            if index >= number and not opened and not parens and re.match(r"\s*(@|public|func|var|let|case|init|})", row):
                break
            for c in row:
                if c in "([":
                    parens += 1
                elif c in ")]":
                    parens -= 1
                elif c == "{" and not (parens and not opened):
                    depth, opened = depth + 1, True
                elif c == "}" and opened:
                    depth -= 1
                    if depth == 0:
                        break
            if opened and depth == 0:
                yield number, index + 1
                break


def check_types(source, exceptions):
    """Stored properties per type; the exceptions may only shrink as well."""
    for start, end in bodies(source, re.compile(r"\b(struct|class|actor)\s+\w")):
        depth, count = 0, 0
        for index in range(start - 1, end):
            row = source.code_lines[index]
            if depth == 1 and re.match(r"\s*(@\w+(\([^)]*\))?\s+|public\s+|private\s+|package\s+|internal\s+|(private|internal)\(set\)\s+)*(let|var)\s+\w", row):
                if not re.search(r"\bstatic\b|\blazy\b", row) and not re.search(r"\{(?!.*\bdidSet|.*\bwillSet)", row.split("=")[0]):
                    count += 1
            depth += row.count("{") - row.count("}")
        name = re.search(r"\b(?:struct|class|actor)\s+(\w+)", source.code_lines[start - 1])[1]
        limit = exceptions.get(name, STORED_PROPERTIES)
        if count > limit:
            problem(source.path, start, f"{name} has {count} stored properties, {limit} at most")


def check_imports(source, allowed):
    if source.target not in allowed:
        problem(source.path, 1, f"target {source.target} has no line in Tools/tidy/imports.txt")
        return
    for number, row in enumerate(source.code_lines, 1):
        match = re.match(r"\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public\s+)?import\s+(?:struct\s+|class\s+|func\s+|enum\s+)?(\w+)", row)
        if not match:
            continue
        if match[1] == "Foundation":
            problem(source.path, number, "import Foundation: nothing in Sources needs it; use Primitives or a shim in CSystem")
        elif match[1] not in allowed[source.target]:
            problem(source.path, number, f"{source.target} may not import {match[1]} (Tools/tidy/imports.txt)")


BANNED = [
    (r"\btry!", "try!: handle the error, or make it impossible", set(), False),
    (r"\bfatalError\(", "fatalError: use precondition with a reason, or an error that the client gets", MAY_TRAP, False),
    (r"(?<![\w.])print\(", "print: use the log of Server", set(), True),
    (r"(?<![\w.])(?:debugPrint|dump)\(", "debugPrint, dump: use the log of Server", set(), False),
    (r"\bstatic\s+var\s+\w+\s*(?::[^={]*)?=(?!=)", "a stored global: use a computed static, or hang it off an instance", set(), False),
    (r"\bas!\s", "as!: use as? and say what happens otherwise", set(), False),
    (r"-Ounchecked", "-Ounchecked: checks stay on", set(), False),
]


def check_calls(source):
    executable = os.path.exists(os.path.join(ROOT, "Sources", source.target, "main.swift"))
    for number, row in enumerate(source.code_lines, 1):
        for pattern, text, exempt, fine_in_executables in BANNED:
            if source.target in exempt or (fine_in_executables and executable):
                continue
            if re.search(pattern, row):
                problem(source.path, number, text)
        if not executable and re.match(r"(public |private |fileprivate |internal )?var\s+\w+[^{]*=", row):
            problem(source.path, number, "a global variable: hang it off an instance")
        if re.search(r"@unchecked\s+Sendable|nonisolated\(unsafe\)", row):
            near = "".join(source.comments.get(n, "") for n in range(number - 3, number + 4))
            # A conditional conformance is argued where the type is.
            if "SAFETY" not in near and not row.startswith("extension"):
                problem(source.path, number, "@unchecked Sendable or nonisolated(unsafe) without a SAFETY comment within 3 lines")


def check_leftovers(source):
    for number, text in source.comments.items():
        word = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
        if word:
            problem(source.path, number, f"{word[1]}: do it, or open an issue")
        body = text.lstrip("/ ").rstrip()
        if text.startswith("//") and not text.startswith("///") and re.match(
            r"(let|var) \w+(: \w+)? = |(func|guard|return|import|for|while|switch|case) .*[{};)]$|(if|else).*\{$|\w+(\.\w+)*\([^)]*\);?$|\}$", body
        ):
            problem(source.path, number, "commented-out code: delete it, git remembers")
    for number, row in enumerate(source.lines, 1):
        if row.rstrip() != row:
            problem(source.path, number, "blanks at the end of the line")
        if "\t" in row:
            problem(source.path, number, "a tab: indent with four blanks")
    if not source.text.endswith("\n"):
        problem(source.path, len(source.lines), "no newline at the end of the file")


def undocumented(source):
    """Public declarations without a doc comment."""
    count = 0
    for number, row in enumerate(source.code_lines, 1):
        if not re.match(r"\s*(@[\w]+(\([^)]*\))?\s+)*public\s+(?!extension\b|import\b)", row):
            continue
        if re.match(r"\s*(@\w+\s+)*public\s+(init\b|static func [<=]|internal\(set\)\s*$)", row):
            continue
        above = number - 1
        while above >= 1 and re.match(r"\s*@", source.lines[above - 1]):
            above -= 1
        if "///" not in source.comments.get(above, "") and "///" not in source.comments.get(number, ""):
            count += 1
    return count


def ratchet(name, head, counts, update, what):
    """Counts per target may shrink; growing is a problem."""
    table = read_table(name, int)
    changed = {}
    for target in sorted(set(counts) | set(table)):
        count, limit = counts.get(target, 0), table.get(target)
        if limit is None:
            if update:
                changed[target] = count
            elif count:
                problems.append(f"Tools/tidy/{name}: {target} has {count} {what} and no line; --update adds it")
            continue
        changed[target] = min(count, limit) if update else limit
        if count > limit:
            problems.append(f"Tools/tidy/{name}: {target} has {count} {what}, {limit} allowed; the number may only shrink")
        elif count < limit and not update:
            print(f"tidy: {target} is down to {count} {what} from {limit}: --update writes it down")
    if update:
        write_table(name, head, changed)


def main():
    update = "--update" in sys.argv[1:]
    allowed = read_table("imports.txt", lambda text: set(text.split()))
    for target in sorted(os.listdir(os.path.join(ROOT, "Sources"))):
        if not target.startswith(".") and target not in allowed:
            problems.append(f"Tools/tidy/imports.txt: no line for target {target}")
    large_types = read_table("types.txt", int)
    unsafe, bare, files = defaultdict(int), defaultdict(int), 0
    for folder, folders, names in os.walk(os.path.join(ROOT, "Sources")):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".swift"):
                continue
            files += 1
            source = Source(os.path.join(folder, name))
            check_lengths(source)
            check_types(source, large_types)
            check_imports(source, allowed)
            check_calls(source)
            check_leftovers(source)
            for number, row in enumerate(source.code_lines, 1):
                count = len(re.findall(r"(?<![\w(])@?unsafe\b(?!\))", row))
                unsafe[source.target] += count
                if count and source.target in SAFE:
                    problem(source.path, number, f"unsafe in {source.target}: move it to Primitives behind a safe view")
            bare[source.target] += undocumented(source)
    for folder, folders, names in os.walk(os.path.join(ROOT, "Tests")):
        for name in sorted(names):
            if name.endswith(".swift"):
                files += 1
                source = Source(os.path.join(folder, name))
                if source.text.count("\n") > FILE_LINES:
                    problem(source.path, 1, f"{len(source.lines)} lines, {FILE_LINES} at most: split the file")
                check_leftovers(source)
    ratchet(
        "unsafe.txt", ["`unsafe` per target, kept by Tools/tidy.py --update; may only shrink"],
        {target: count for target, count in unsafe.items() if target not in SAFE}, update, "unsafe")
    ratchet(
        "undocumented.txt", ["public declarations without doc comment per target, kept by Tools/tidy.py --update; may only shrink"],
        bare, update, "undocumented public declarations")
    for text in problems:
        print(text)
    print(f"tidy: {files} files, {len(problems)} problem{'' if len(problems) == 1 else 's'}")
    return 1 if problems else 0


sys.exit(main())
