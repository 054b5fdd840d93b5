# SPDX-License-Identifier: Apache-2.0
"""weir's completion, typed into real shells."""

import re

from harness import check
from harness.registry import test
from harness.terminal import Terminal

CONFIG = """
[pool.web]
[pool.team]
[pool.nightly]
parent = "team"
[pool.batch]
"""

BASH = (["bash", "--noprofile", "--norc", "-i"],
        "PS1='> '; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; "
        "bind 'set completion-query-items 0'; bind 'set bell-style none'; "
        "source /usr/share/bash-completion/bash_completion; echo set-up-''done")
BASH_ALONE = (BASH[0],
              "PS1='> '; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; "
              "bind 'set completion-query-items 0'; bind 'set bell-style none'; "
              "eval \"$(weir completion bash)\"; echo set-up-''done")
ZSH = (["zsh", "-f", "-i"],
       "PS1='> '; LISTMAX=9999; unsetopt beep prompt_sp auto_menu; setopt auto_list no_list_ambiguous; "
       "fpath=(/usr/local/share/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D; "
       "echo set-up-''done")
FISH = (["fish", "--no-config", "--interactive"],
        "function fish_prompt; printf '> '; end; set -g fish_autosuggestion_enabled 0; "
        "set -p fish_complete_path /usr/local/share/fish/vendor_completions.d; echo set-up-''done")

# What is typed, what must be offered, and what must not. Descriptions are on the screen as well.
OFFERS = (
    ("weir ", ("apply", "completion", "pool", "run", "status", "verify"), ("nightly", "__complete")),
    ("weir pool ", ("list", "path", "show"), ("verify", "nightly")),
    ("weir pool show ", ("batch", "nightly", "team", "web"), ("first", "list")),
    ("weir run --pool ", ("batch", "nightly", "team", "web"), ("first",)),
    ("weir run --pool=", ("batch", "nightly", "team", "web"), ("first",)),
    ("weir ps --pool ", ("batch", "nightly", "team", "web"), ("first",)),
    ("weir release ", ("first", "second"), ("web",)),
    ("weir explain ", ("first", "second", "web"), ()),
    ("weir --quiet pool show ", ("nightly", "web"), ()),
    ("weir run --", ("--cpus", "--memory", "--pool", "--user", "--json", "--config"), ("--evict", "--repair")),
    ("weir apply --", ("--evict", "--json"), ("--pool", "--repair")),
    ("weir --color ", ("always", "auto", "never"), ("web",)),
    ("weir completion ", ("bash", "fish", "zsh"), ()),
    ("weir run --pool web -- weir-", ("weir-burn", "weir-signals", "weir-where"), ()),
    ("weir run --pool web -- weir pool ", ("list", "path", "show"), ()),
)
# What is typed, and what it becomes.
COMPLETES = (
    ("weir pool sh", "weir pool show "),
    ("weir pool show ni", "weir pool show nightly "),
    ("weir release fi", "weir release first "),
    ("weir run --pool web -- weir-whe", "weir run --pool web -- weir-where "),
    ("weir check /etc/passw", "weir check /etc/passwd"),
)


def words(text):
    return set(re.split(r"[\s=]+", text))


def offers(shell, typed, wanted, unwanted):
    shell.clear_line()
    shell.type(typed)
    shell.settle(0.5)
    shell.text = ""
    shell.type("\t")
    check.soon(lambda: shell.read(0.2) and False or set(wanted) <= words(shell.seen()),
               f"{typed!r}<TAB> offers {wanted}; the shell shows {shell.seen()!r}", 30)
    shell.settle(0.5)
    check.equal(set(unwanted) & words(shell.seen().replace(typed.strip(), "")), set(),
                f"what {typed!r}<TAB> must not offer")


def completes(shell, typed, wanted):
    shell.clear_line()
    shell.type(typed)
    shell.settle(0.5)
    shell.text = ""
    shell.type("\t")
    rest = wanted.removeprefix(typed)
    check.soon(lambda: shell.read(0.2) and False or rest in shell.seen(),
               f"{typed!r}<TAB> becomes {wanted!r}; the shell shows {shell.seen()!r}", 30)


def set_up(t):
    t.weir.configure(CONFIG).ok("apply")
    t.run("web", "first", "sleep", "600")
    t.run(("team", "nightly"), "second", "sleep", "600")
    return {"WEIR_CONFIG": t.weir.config, "TERM": "xterm", "HOME": t.folder, "LC_ALL": "C.UTF-8"}


def try_shell(t, shell_and_setup, most=len(OFFERS)):
    environment = set_up(t)
    with Terminal(*shell_and_setup, environment) as shell:
        for typed, wanted, unwanted in OFFERS[:most]:
            offers(shell, typed, wanted, unwanted)
        for typed, wanted in COMPLETES:
            completes(shell, typed, wanted)


@test("completion: bash offers what one expects", timeout=300, ci="oldest")
def bash(t):
    try_shell(t, BASH)


@test("completion: bash without the package bash-completion, too", timeout=300, ci="oldest")
def bash_alone(t):
    environment = set_up(t)
    with Terminal(*BASH_ALONE, environment) as shell:
        for typed, wanted, unwanted in OFFERS[:-1]:  # the last needs bash-completion
            offers(shell, typed, wanted, unwanted)


@test("completion: zsh offers what one expects", timeout=300, ci="oldest")
def zsh(t):
    try_shell(t, ZSH)


@test("completion: fish offers what one expects", timeout=300, ci="oldest")
def fish(t):
    try_shell(t, FISH, t.count(7, len(OFFERS)))  # it is slow


@test("completion: names come without root, and without a sound where there is nothing", ci="oldest")
def names(t):
    set_up(t)
    alice = ("setpriv", "--reuid", "1001", "--regid", "1001", "--clear-groups")
    ask = lambda what, **options: t.weir.ok("__complete", what, **options)  # noqa: E731
    check.equal(ask("pools").out.split(), ["web", "team", "nightly", "batch"], "pools")
    check.equal(ask("containers").out.split(), ["first", "second"], "containers")
    check.equal(ask("pools", prefix=alice).out.split(), ["web", "team", "nightly", "batch"], "pools for alice")
    check.equal(ask("containers", prefix=alice).out.split(), ["first", "second"], "containers for alice")
    t.weir.configure("[pool.")
    done = ask("pools")
    check.equal((sorted(done.out.split()), done.err), (["batch", "nightly", "team", "web"], ""), "pools with a broken file")
    elsewhere = t.weir.at("--cgroup-root", "/nowhere", "--config", "/nowhere/weir.toml")
    for what in ("pools", "containers", "nonsense"):
        done = elsewhere.ok("__complete", what)
        check.equal((done.out, done.err), ("", ""), f"__complete {what} where there is nothing")
