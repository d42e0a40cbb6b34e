#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of the windows can be translated, and is: nothing in ui/, app/ or display/ that the .ts files lack, nothing in them that is
unfinished, gone or has lost a place (%1); no text of QML outside qsTr(), and no sentence put together from translated pieces. What
desktops and software centres show is said in the same languages."""
import collections
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree
import tree

ROOMS = ("ui", "app", "display")
FOLDER = pathlib.Path("translations")
PLACE = re.compile(r"%L?(?:\d{1,2}|n)")
# What a person reads or hears in QML; the values of these properties come from qsTr() or from a model.
SPOKEN = re.compile(r"^\s*(?:readonly )?(?:property string )?(?:\w+ \{ )?(text|title|subtitle|detail|label|placeholderText|explanation|question|action"
                    r"|combination|sentence|words|shortcutText|Accessible\.name|Accessible\.description)\s*:(.*)$")
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
CALL = re.compile(r"\b(?:qsTr|tr|translate)\s*\(")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# The same in every language: our name, names of protocols, the shape of a key.
NAMES = re.compile(r"^(Vitrine|[A-Z0-9]{2,}(-[A-Z0-9]+)*|F\d+)$")
SAID = re.compile(r"\b(?:notice|applied|setFailure)\(\s*(?:QStringLiteral|QLatin1String|QString::fromUtf8|\")\W*\w")


def end_of_call(text, start):
    """Where the call whose parenthesis opens at `start` ends, its .arg(...) included; the text's end when it does not."""
    depth, at = 0, start
    while at < len(text):
        if string := STRING.match(text, at):
            at = string.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            if not (more := re.compile(r"\s*\.\w+\(").match(text, at)):
                return at
            at = more.end() - 1
    return len(text)


def calls(text):
    """Start and end of each call that translates."""
    for call in CALL.finditer(text):
        qualified = re.search(r"(?:\w+(?:::|\.))*$", text[:call.start()])
        yield call.start() - len(qualified[0]), end_of_call(text, call.end() - 1)


def without_comments(text):
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda found: found[1] or "", text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def pieces(text):
    """Lines on which a translated text is joined to something with +."""
    text = without_comments(text)
    found = []
    for start, end in calls(text):
        after = text[end:].lstrip()
        if text[:start].rstrip().endswith("+") or (after.startswith("+") and not after.startswith("++")):
            found.append(line_of(text, start))
    return found


def untranslated(text):
    """Lines of QML that say a literal nobody can translate."""
    text = without_comments(text)
    for start, end in reversed(list(calls(text))):
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not (spoken := SPOKEN.match(line)):
            continue
        value = re.sub(r'(?:[=!]==?|\[|\bcase)\s*"[^"]*"\s*(?=[\]:?&|)]|$)', "", spoken[2]) if spoken[1] != "words" else spoken[2]
        literals = [literal[0][1:-1] for literal in STRING.finditer(value)]
        if any(re.search(r"[^\W\d_]{2,}", literal) and not NAMES.match(literal) for literal in literals):
            found.append(number)
    return found


def messages(file):
    """(context, source, comment) -> element of a .ts file."""
    root = xml.etree.ElementTree.parse(file).getroot()
    return {(context.findtext("name"), message.findtext("source"), message.findtext("comment") or ""): message
            for context in root.iter("context") for message in context.iter("message")}


def places(text):
    return collections.Counter(PLACE.findall(text))


def trouble(source, forms, plural):
    """What is wrong with a translation, or None. `forms`: one, or one for each plural."""
    if not forms or not all(form.strip() for form in forms):
        return "is not translated"
    for index, form in enumerate(forms):
        wanted = places(source)
        if plural and index == 0 and "%n" not in form:
            del wanted["%n"] # "one" may be a word
        if places(form) != wanted:
            return f"has other places than its source: {form}"
        if form[-1] != source[-1] and (form[-1] in "….?:" or source[-1] in "….?:"):
            return f"ends otherwise than its source: {form}"
    return None


def check_message(key, message):
    translation = message.find("translation")
    plural = message.get("numerus") == "yes"
    if translation is None or translation.get("type"):
        return f"is {translation.get('type') if translation is not None else 'not translated'}"
    forms = [form.text or "" for form in translation.findall("numerusform")] if plural else [translation.text or ""]
    if "%n" in key[1] and not plural:
        return "has %n, but tr() was not given a number"
    return trouble(key[1], forms, plural)


def check_file(path, wanted):
    have = messages(tree.ROOT / path)
    name = lambda key: f"{path}: {key[0]}: “{key[1]}”"
    findings = [f"{name(key)} is missing; run tests/tools/update_translations" for key in wanted.keys() - have.keys()]
    findings += [f"{name(key)} is not said any more; run tests/tools/update_translations" for key in have.keys() - wanted.keys()]
    findings += [f"{name(key)} {problem}" for key, message in have.items() if (problem := check_message(key, message))]
    return sorted(findings)


def texts_of_sources(lupdate):
    """The texts lupdate finds, and what it complained of."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "all.ts"
        made = subprocess.run([lupdate, "-silent", "-locations", "none", "-I", ".", *ROOMS, "-ts", file], cwd=tree.ROOT, capture_output=True, text=True,
                              check=False)
        return messages(file), [line for line in (made.stdout + made.stderr).splitlines() if line.strip()]


def check_sources():
    findings = []
    for path in [path for path in tree.files(".qml", ".cpp", ".h") if path.parts[0] in ROOMS]:
        text = tree.text(path)
        findings += [f"{path}:{line}: a sentence is put together from translated pieces" for line in pieces(text)]
        if path.suffix == ".qml":
            findings += [f"{path}:{line}: this text cannot be translated" for line in untranslated(text)]
        else:
            findings += [f"{path}:{line_of(text, said.start())}: this text cannot be translated" for said in SAID.finditer(without_comments(text))]
    return findings


def check_desktop(path, text, languages):
    """Keys of a desktop file that a person reads and that lack a language."""
    findings = []
    for section in re.split(r"(?m)^(?=\[)", text):
        for key, value in re.findall(r"(?m)^(Name|GenericName|Comment|Keywords)=(.*)$", section):
            findings += [f"{path}: {key}={value} has no {key}[{language}]" for language in languages
                         if not NAMES.match(value) and not re.search(rf"(?m)^{key}\[{language}\]=.", section)]
    return findings


def check_document(path, root, languages):
    """Sentences of an AppStream or MIME document that are not said in each language, next to one another."""
    findings = []
    for parent in root.iter():
        said = [child for child in parent if child.tag.rpartition("}")[2] in ("summary", "p", "li", "caption", "comment")]
        plain = [child for child in said if LANGUAGE not in child.attrib]
        findings += [f"{path}: <{parent.tag.rpartition('}')[2]}>: something is not said in {language}" for language in languages
                     if len([child for child in said if child.get(LANGUAGE) == language]) != len(plain)]
    return findings


def check_packaging(languages):
    findings = []
    for path in [path for path in tree.files(".desktop", ".xml") if path.parts[0] == "packaging"]:
        if path.suffix == ".desktop":
            findings += check_desktop(path, tree.text(path), languages)
        else:
            findings += check_document(path, xml.etree.ElementTree.parse(tree.ROOT / path).getroot(), languages)
    return findings


def self_test():
    """The check must be able to fail."""
    assert pieces('x: qsTr("a)") + name') == [1] and pieces('x: "b" +\n QObject::tr("a").arg(f(1))') == [2]
    assert not pieces('x: qsTr("a").arg(1 + 2) // + tr("b")') and not pieces('a + b; tr("x")')
    assert untranslated('    text: "Hello"') == [1] and untranslated('Keys { title: qsTr("A"); }\n title: a ? "Some words" : b') == [2]
    assert not untranslated('text: kind === "live" ? qsTr("Live") : ""') and not untranslated('title: "Vitrine"\nwords: ["TCP", qsTr("Any")]')
    assert SAID.search('emit notice(QStringLiteral("Saved"))') and not SAID.search('emit notice(tr("Saved"))')
    assert trouble("%1 of %2", ["%1 von"], False) and trouble("Add…", ["Hinzufügen"], False) and trouble("Add", [""], False)
    assert check_desktop("a", "[Desktop Entry]\nName=Vitrine\nComment=Runs\nComment[de]=Läuft\n", ["de", "es"])
    assert check_document("a", xml.etree.ElementTree.fromstring("<ul><li>a</li></ul>"), ["de"])
    assert trouble("%n images", ["ein Bild", "%n Bilder"], True) is None and trouble("%2 in %1", ["%1: %2"], False) is None


self_test()
LUPDATE = pathlib.Path("/usr/lib/qt6/bin/lupdate")
if not LUPDATE.exists():
    tree.skip("lupdate is not installed: translations are not checked")
wanted, complaints = texts_of_sources(LUPDATE)
results = [f"lupdate: {complaint}" for complaint in complaints] + check_sources()
for ts in [path for path in tree.files(".ts") if path.parts[0] == str(FOLDER)]:
    plurals = {key: message for key, message in wanted.items() if message.get("numerus") == "yes"}
    results += check_file(ts, plurals if ts.stem.endswith("_en") else wanted)
languages = {ts.stem.rpartition("_")[2] for ts in tree.files(".ts") if ts.parts[0] == str(FOLDER)} - {"en"}
results += check_packaging(sorted(languages))
tree.finish(results, "translations")
