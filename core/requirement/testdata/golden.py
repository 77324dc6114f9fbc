"""Writes packaging.json: what Python's own packaging library says of odd texts.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install packaging==26.3
    /tmp/venv/bin/python testdata/golden.py > testdata/packaging.json

The test that reads it lists where this package differs on purpose, and why.
"""

import itertools
import json

import packaging
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

VERSIONS = """
1 1.0 1.0.0 01.002 0 0.0 1! 1!2 1!2.0.0 01!1 v1.0 V1.0 vv1 1.0a 1.0a1 1.0.a1 1.0-a1 1.0_a_1 1.0alpha1 1.0ALPHA.1
1.0b2 1.0beta2 1.0c3 1.0rc3 1.0-rc.3 1.0pre1 1.0preview1 1.0.post 1.0post1 1.0.post1 1.0-post1 1.0-1 1.0-01 1.0r1 1.0rev.2
1.0--1 1.0-r-4 1.0dev 1.0.dev0 1.0.dev1 1.0-dev_3 1.0a1.dev2 1.0a1.post2 1.0a1.post2.dev3 1.0.post1.dev2 1.0a. 1.0a- 1.0a--1
1.0. 1.0.. 1..0 .1 1.0a1.b2 1.0+ 1.0+a 1.0+A.B 1.0+a-b_c 1.0+01 1.0+a..b 1.0+a+b 1.0+ubuntu.1 1.0+cu126 1.0+1 1.0+10 1.0+1.a
1.0+a.1 1.0+9 1.0+z 1.0a1+x 1.0.post1+x 1.0.dev1+x 2024.1.1 20240101 99999999999999999999999999 1.10 1.9 1.0.0.0.1
1.* 1.0.* * latest 1.x 1,0 1e5 -1 +1 1_0 1.0-2.dev1 1.0rc 1.0RC1 2.0.0rc1 2.0.0.post0 1.0.post0.dev0 1.0a0 1.0b0 dev 1.0dev1a
1.0.0-alpha.beta 1!1.0+local.7 1.0post 1.0.r 1.0p1 ١.٠ 1.0ａ
""".split() + ["", " 1.0 ", "1.0\n", "1. 0", "\t1", "1.0 a1"]

SPECIFIERS = [
    "", ">=1", ">=1.0,<2", "==1.0", "==1", "==1.0.*", "==1.*", "!=1.0.*", "!=1.0", "~=1.0", "~=1", "~=1.0.0", "~=1.0a1",
    "~=1.0.post1", "~=1.0.dev1", "<1.0", "<1.0a1", "<1.0.post1", "<1.0.dev1", "<=1.0", "<=1.0a1", ">1.0", ">1.0a1",
    ">1.0.post1", ">1.0.dev1", ">=1.0a1", "===1.0", "===1.0+x", "===latest", "==1.0+cu126", "==1.0+CU126", "!=1.0+cu126",
    ">=1.0+cu126", "<1.0+a", "~=1.0+a", "==1.0a1.*", ">=1.*", ">=1.0.*", "~=1.0.*", "==1.0.post1.*", ">= 1.0 , < 2",
    ">=1.0,", ",>=1.0", ">=1.0,,<2", "=1.0", "=>1.0", "1.0", "==", "== ", "==1.0;", "==v1.0", "==1!1.0", ">=1!0", "<1!0",
    "==1.0.0.0", ">1.0,<1.0.1", ">=2,<1", "==2024.*", "==0!1.0", "!==1.0", "<>1.0", ">=1.0 <2.0", "==*", "!=*", "== 1.0.*",
    ">=1.0rc1,<2.0rc1", "===1.0.*", "===", "==1.0-1", "==1.0-post1", "~=2.2.post3", "~=1.4.5a4", ">1", "<1", ">1.0.0", "<=1.0.0+x",
]

NAMES = [
    "a", "A", "numpy", "Zope.Interface", "typing_extensions", "a--b", "a-", "-a", "_a", "a_", "a.", ".a", "a..b", "0", "0a", "é", "a/b", "a b",
    "", " ", "a\tb",
]

REQUIREMENTS = [
    "numpy>=1", "numpy >= 1", "numpy>=1,<2", "numpy (>=1,<2)", "numpy(>=1)", "numpy ( >=1 , <2 )", "numpy()", "numpy( )", "numpy(",
    "numpy(>=1", "numpy>=1)", "numpy)", "numpy[a]", "numpy[a,b]", "numpy[a, b]>=1", "numpy [a] >=1", "numpy[]", "numpy[ ]", "numpy[a,]",
    "numpy[,a]", "numpy[a b]", "numpy[a", "numpy]", "numpy[A_b.C]", "numpy[a,a]", "numpy[a][b]", "numpy[-a]", "numpy[a-]",
    "numpy@https://e.org/x.zip", "numpy @ https://e.org/x.zip", "numpy@ https://e.org/x.zip", "numpy @https://e.org/x.zip",
    "numpy[a]@https://e.org/x.zip", "numpy @ https://e.org/x.zip ; python_version>'3'", "numpy @ https://e.org/x.zip; python_version>'3'",
    "numpy @ https://e.org/x.zip;python_version>'3'", "numpy @ https://e.org/x y", "numpy @", "numpy @ ", "numpy @ git+https://e.org/x@v1#egg=y",
    "numpy @ file:///a/b", "numpy @ git+ssh://git@e.org/x.git@a-b", "numpy @ ../x", "numpy @ e.org", "numpy @ C:\\x", "numpy @ https://e.org/x.zip ;",
    "numpy;python_version>'3'", "numpy ; python_version > \"3\"", "numpy>=1;python_version>'3'", "numpy>=1; python_version>'3' ", "numpy;",
    "numpy ; ", "numpy ;;", "numpy>=1 ; x", "numpy;python_version", "numpy;python_version>", "numpy;python_version>3", "numpy;python_version>'3",
    "numpy;'3'<python_version", "numpy;python_version=='3' and os_name=='a'", "numpy;python_version=='3' and", "numpy;(python_version=='3')",
    "numpy;((python_version=='3') or (os_name=='a')) and sys_platform=='x'", "numpy;(python_version=='3'", "numpy;python_version=='3')",
    "numpy;os.name=='posix'", "numpy;sys.platform=='linux'", "numpy;python_implementation=='CPython'", "numpy;platform.machine=='x86_64'",
    "numpy;platform.python_implementation=='CPython'", "numpy;platform.version=='1'", "numpy;extra=='a_B'", "numpy;'a' in extras",
    "numpy;'a' in dependency_groups", "numpy;python_version in '3.8 3.9'", "numpy;python_version not in '3.8'", "numpy;python_version not  in '3.8'",
    "numpy;python_version notin '3.8'", "numpy;python_version is '3.8'", "numpy;python_version=='3' AND os_name=='a'", "numpy;python_versions=='3'",
    "numpy;'linux' in sys_platform", "numpy;python_version=>'3'", "numpy;python_version='3'", "numpy;python_version===\"3\"", "numpy;python_version~='3.8'",
    "numpy;python_version=='3'or os_name=='a'", "numpy;python_version=='3' oros_name=='a'", "numpy;not python_version=='3'", "numpy; ",
    "numpy;python_version=='3' 'x'", "numpy;python_version==\"'\"", "numpy;os_name=='\"'", "numpy;os_name==''", "numpy;python_version>='3.8',os_name=='a'",
    "numpy 1.0", "numpy 1", "numpy=1.0", "numpy=>1.0", "numpy==1.0 pandas", "numpy pandas", "numpy,pandas", "numpy>=1,pandas", "numpy>1 and <2",
    "numpy^1.0", "numpy~1.0", "numpy*", "numpy==1.0 --hash", "numpy==1.0 # c", "'numpy'", "\"numpy\"", "numpy >=1 , !=1.5 , <2", "numpy>=1,!=1.5.*",
    "numpy==1.0+cu126", "numpy>=1.0+cu126", "numpy===1.0-weird;os_name=='a'", "numpy===anything goes", "numpy===", "numpy==1.*.1", "numpy>=1.*",
    "numpy<1.0.dev1", "numpy==1.0\n", "\nnumpy", " numpy ", "numpy\t>=1", "numpy>=\t1", "numpy>=1\t,<2", "numpy\x00", "numpy>=1\x0b", "NumPy_x.Y-z>=1",
    "numpy [ a , b ] >= 1 ; python_version >= '3'", "numpy[a]@ https://e.org/x.whl ; os_name == 'a'", "numpy=", "numpy<", "numpy!", "numpy!=", "numpy~=",
    "numpy(>=1)(<2)", "numpy (>=1) <2", "numpy (>=1);os_name=='a'", "numpy (>=1) ; os_name=='a'", "numpy@(>=1)", "numpy[a](>=1)", "numpy==2.0.post", "numpy>=1,<2,",
    "numpy>=1, ,<2", "numpy ~= 1.4.2", "numpy>=v1", "numpy == 1 ! 2", "numpy==1!2", "numpy==1.0.0-rc.1", "numpy>0.dev0", "numpy;python_version>'3'#c",
]

MARKERS = [
    "python_version >= '3.10'", "python_version < '3.10'", "python_version == '3.12'", "python_version == '3.*'", "python_version != '3.*'",
    "python_version > '3.12'", "python_version <= '3.12'", "python_version ~= '3.10'", "python_version >= '3.12.1'", "python_version >= '3.10.*'",
    "'3.10' <= python_version", "'3.13' == python_version", "python_version in '3.11 3.12'", "python_version not in '3.11, 3.12'", "python_version in '3.1'",
    "python_version > 'abc'", "python_version == 'abc'", "python_full_version >= '3.12.4'", "python_full_version < '3.13'", "python_full_version == '3.12.*'",
    "python_full_version <= '3.12.4'", "python_full_version > '3.12.4' or python_version >= '3.13'", "implementation_version >= '3.12'",
    "os_name == 'posix'", "os_name == 'nt'", "os_name != 'nt'", "sys_platform == 'linux'", "sys_platform == 'linux2'", "'linux' in sys_platform",
    "sys_platform in 'linux darwin'", "sys_platform not in 'linux'", "sys_platform >= 'a'", "sys_platform > 'a'", "platform_system == 'Linux'",
    "platform_system == 'Windows'", "platform_machine == 'x86_64'", "platform_machine == 'aarch64'", "platform_machine in 'x86_64 aarch64'",
    "platform_machine != 'arm64'", "platform_python_implementation == 'CPython'", "platform_python_implementation != 'PyPy'", "implementation_name == 'cpython'",
    "python_implementation == 'CPython'", "os_name == 'posix' and python_version >= '3'", "os_name == 'nt' or sys_platform == 'linux'",
    "os_name == 'nt' and python_version >= '3' or sys_platform == 'linux'", "os_name == 'nt' and (python_version >= '3' or sys_platform == 'linux')",
    "(os_name == 'posix')", "((os_name == 'posix') and (python_version < '3' or python_version > '3.9'))", "extra == 'a'", "extra != 'a'", "extra == ''",
    "os.name == 'posix'", "sys.platform == 'linux'", "python_version >= '3' and extra == 'x' or os_name == 'posix'", "python_version < '4'", "python_version >= '4'",
    "python_version >= '3.9rc1'", "python_version == '3.12.0'", "python_version === '3.12'", "python_version < '3.12.dev0'", "'3.1' in python_version",
]

ENVIRONMENTS = [("linux/amd64", "3.12.4"), ("linux/arm64", "3.12.4"), ("linux/amd64", "3.9.0"), ("linux/amd64", "3.13.1")]


def environment(platform, python):
    return {
        "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
        "platform_python_implementation": "CPython", "implementation_name": "cpython",
        "implementation_version": python, "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "platform_machine": {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}[platform],
        "platform_release": "", "platform_version": "", "extra": "",
    }


def attempt(make):
    try:
        return make()
    except Exception:
        return None


def version(text):
    v = attempt(lambda: Version(text))
    return {"text": text, "normal": None if v is None else str(v)}


def specifier(text, versions):
    s = attempt(lambda: SpecifierSet(text))
    if s is None:
        return {"text": text, "ok": False}
    return {"text": text, "ok": True, "holds": [str(v) for v in versions if s.contains(v, prereleases=True)]}


def requirement(text):
    r = attempt(lambda: Requirement(text))
    if r is None:
        return {"text": text, "ok": False}
    return {
        "text": text, "ok": True, "name": canonicalize_name(r.name), "extras": sorted({canonicalize_name(e) for e in r.extras}),
        "specifiers": sorted(f"{s.operator}{s.version}" for s in r.specifier), "url": r.url or "", "marker": r.marker is not None,
    }


def main():
    versions = [v for v in (attempt(lambda t=t: Version(t)) for t in VERSIONS) if v is not None]
    unique = sorted(set(versions))
    texts = list(NAMES) + REQUIREMENTS + [n + ">=1" for n in NAMES] + ["x" + s for s in SPECIFIERS] + ["x (" + s + ")" for s in SPECIFIERS]
    json.dump({
        "packaging": packaging.__version__,
        "versions": [version(t) for t in VERSIONS],
        "order": [str(v) for v in unique],
        "specifiers": [specifier(t, unique) for t in SPECIFIERS],
        "requirements": [requirement(t) for t in dict.fromkeys(texts)],
        "markers": [
            {"text": t, "holds": [attempt(lambda: Marker(t).evaluate(environment(*e))) for e in ENVIRONMENTS]} for t in MARKERS
        ],
        "environments": [{"platform": p, "python": v} for p, v in ENVIRONMENTS],
    }, __import__("sys").stdout, indent=1, ensure_ascii=True)
    print()


main()
