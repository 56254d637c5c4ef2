"""Runs a workflow's jobs on this machine as GitHub would: a fresh checkout for each run.

What actions do is played with folders: the cache, the artifact, and what Pages serves. `run` steps
are real: bash, git and kpisite, with the variables that GitHub sets. Only `pip install` is left
out: the kpisite of this environment takes its place.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_CONDITION = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
BASE_URL = "https://octocat.github.io/kpis"


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@dataclass
class Step:
    """What became of a step."""

    name: str
    outcome: str
    said: str = ""
    may_fail: bool = False
    """Whether the job goes on as if it had not failed."""


@dataclass
class Run:
    """A run of the workflow."""

    workspace: Path
    steps: list[Step] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(step.outcome == "failure" and not step.may_fail for step in self.steps)

    def outcome(self, name: str) -> str:
        return next(step.outcome for step in self.steps if step.name == name)

    def said(self, name: str = "") -> str:
        return "\n".join(step.said for step in self.steps if name in ("", step.name))


class GitHub:
    """A repository with its caches and its Pages, below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "remote.git"
        self.served = folder / "served"
        self.cache = folder / "cache"

    def create(self, project: Path) -> None:
        """Push a project to a new repository."""
        git(self.folder, "init", "--quiet", "--bare", "-b", "main", str(self.remote))
        git(project, "init", "--quiet", "-b", "main")
        git(project, "add", ".")
        git(project, "commit", "--quiet", "-m", "Start")
        git(project, "push", "--quiet", str(self.remote), "main")

    def change(self, path: str, text: str) -> None:
        """Commit a file to main."""
        other = self.folder / "ann"
        shutil.rmtree(other, ignore_errors=True)
        git(self.folder, "clone", "--quiet", str(self.remote), "ann")
        (other / path).write_text(text)
        git(other, "commit", "--quiet", "--all", "-m", "Change")
        git(other, "push", "--quiet")

    def read(self, branch: str, path: str) -> str:
        return git(self.remote, "show", f"{branch}:{path}")

    def files(self, branch: str) -> set[str]:
        listed = git(self.remote, "ls-tree", "-r", "-z", "--name-only", branch)
        return set(listed.split("\0")[:-1])

    def commits(self, branch: str) -> int:
        if not git(self.remote, "branch", "--list", branch):
            return 0
        return int(git(self.remote, "rev-list", "--count", branch))

    def changed(self, branch: str) -> set[str]:
        """Return the paths that the newest commit of a branch touched."""
        listed = git(self.remote, "diff-tree", "-r", "-z", "--name-only", f"{branch}~", branch)
        return set(listed.split("\0")[:-1])

    def run(
        self,
        now: str,
        event: str = "schedule",
        *,
        options: str = "",
        broken: str = "",
        environment: dict[str, str] | None = None,
    ) -> Run:
        """Run the workflow.

        Args:
            now: What the clock says.
            event: Why it runs.
            options: The input of a run that somebody starts.
            broken: Name of the step, or of the action, that fails.
            environment: More variables, such as a job would take from secrets.
        """
        number = len(list(self.folder.glob("run-*"))) + 1
        home = self.folder / f"run-{number}"
        for name in ("home", "temp"):
            (home / name).mkdir(parents=True)
        for name in ("env", "output", "path", "summary"):
            (home / name).touch()
        run = Run(home / "kpis")
        context = {
            "github.event_name": event,
            "github.ref": "refs/pull/7/merge" if event == "pull_request" else "refs/heads/main",
            "github.run_id": str(number),
            "github.run_attempt": "1",
            "inputs.options": options,
            "runner.temp": str(home / "temp"),
        }
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **({"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}),
            "HOME": str(home / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(run.workspace),
            "GITHUB_REPOSITORY": "octocat/kpis",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF": context["github.ref"],
            "GITHUB_RUN_ID": context["github.run_id"],
            "GITHUB_RUN_ATTEMPT": "1",
            **{f"GITHUB_{n.upper()}": str(home / n) for n in ("env", "output", "path")},
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(home / "temp"),
            "KPISITE_NOW": now,
            **(environment or {}),
        }
        workflow = yaml.safe_load(self.read("main", ".github/workflows/report.yml"))
        variables |= workflow.get("env") or {}
        for job in workflow["jobs"].values():
            if _holds(job["if"], context, failed=False):
                _Job(self, run, context, variables | (job.get("env") or {}), broken).do(job)
        return run


@dataclass
class _Job:
    """One job of a run, step by step."""

    github: GitHub
    run: Run
    context: dict[str, str]
    variables: dict[str, str]
    broken: str

    def do(self, job: dict[str, Any]) -> None:
        for step in job["steps"]:
            name = step.get("name") or step["uses"].partition("@")[0]
            if not _holds(step.get("if", ""), self.context, failed=self.run.failed):
                done = Step(name, "skipped")
            elif "uses" in step:
                done = self._action(name, step)
            else:
                done = self._bash(name, step)
            done.may_fail = bool(step.get("continue-on-error"))
            self.run.steps.append(done)
            if "id" in step:
                self.context[f"steps.{step['id']}.outcome"] = done.outcome
        if not self.run.failed and any("actions/cache@" in str(s) for s in job["steps"]):
            self._copy(self.run.workspace / ".cache" / "kpisite", self.github.cache)

    def _action(self, name: str, step: dict[str, Any]) -> Step:
        action = step["uses"].partition("@")[0]
        if self.broken in (name, action):
            return Step(name, "failure")
        if action == "actions/checkout":
            git(
                self.github.folder, "clone", "--quiet", "--depth=1",
                self.github.remote.as_uri(), str(self.run.workspace),
            )  # fmt: skip
        elif action.startswith("actions/cache"):
            assert step["with"]["path"] == ".cache/kpisite"
            self._copy(self.github.cache, self.run.workspace / ".cache" / "kpisite")
        elif action == "actions/configure-pages":
            self.context[f"steps.{step['id']}.outputs.base_url"] = BASE_URL
        elif action == "actions/upload-pages-artifact":
            artifact = self._artifact(step["with"]["name"])
            assert not artifact.exists(), "GitHub refuses a second artifact of the same name"
            left_out = [".git", ".github"]
            if not step["with"].get("include-hidden-files"):
                left_out.append(".*")
            self._copy(Path(_filled(step["with"]["path"], self.context)), artifact, *left_out)
        elif action == "actions/deploy-pages":
            self._copy(self._artifact(step["with"]["artifact_name"]), self.github.served)
        else:
            assert action == "actions/setup-python"
        return Step(name, "success")

    def _bash(self, name: str, step: dict[str, Any]) -> Step:
        if step["run"].startswith("pip install"):
            return Step(name, "success")
        if name == self.broken:
            return Step(name, "failure")
        kept = [line.partition("=") for line in _lines(self.variables["GITHUB_ENV"])]
        own = {k: _filled(v, self.context) for k, v in (step.get("env") or {}).items()}
        script = Path(self.variables["RUNNER_TEMP"]) / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "-e", script],
            cwd=self.run.workspace,
            env={**self.variables, **{name: value for name, _, value in kept}, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Step(name, "failure" if done.returncode else "success", done.stdout)

    def _artifact(self, name: str) -> Path:
        return self.run.workspace.parent / _filled(name, self.context)

    @staticmethod
    def _copy(source: Path, target: Path, *left_out: str) -> None:
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*left_out))


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _filled(text: str, context: dict[str, str]) -> str:
    return _EXPRESSION.sub(lambda match: context.get(match[1], ""), str(text))


def _holds(condition: str, context: dict[str, str], *, failed: bool) -> bool:
    """Tell whether a condition holds: `a == 'b'`, `always()` or `failure()`, joined by `&&`."""
    parts = condition.split(" && ") if condition else []
    if failed and not {"always()", "failure()"} & {*parts}:
        return False
    if "failure()" in parts and not failed:
        return False
    for part in parts:
        if part not in ("always()", "failure()"):
            match = _CONDITION.fullmatch(part)
            assert match, f"this runner does not know {part!r}"
            if (context.get(match[1], "") == match[3]) != (match[2] == "=="):
                return False
    return True
