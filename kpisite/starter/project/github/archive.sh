#!/usr/bin/env bash
# The archive of editions on the branch kpi-archive of this repository.
#   archive.sh restore    fetches the branch into archive/
#   archive.sh save       commits what is new in archive/, and pushes it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

remote=origin
branch=refs/heads/kpi-archive
known=refs/kpisite/archive # the commit that archive/ goes on from
fetched=refs/kpisite/fetched
folder=archive
attempts=5
export GIT_AUTHOR_NAME=kpisite GIT_AUTHOR_EMAIL=kpisite@localhost
export GIT_COMMITTER_NAME=kpisite GIT_COMMITTER_EMAIL=kpisite@localhost
git_dir=$(git rev-parse --absolute-git-dir)

# The commit of the branch; nothing where there is no branch. Fails where the remote does not answer.
tip() {
  git ls-remote "$remote" "$branch" | cut -f 1
}

# Fetches the branch, and puts its files into a folder that is empty.
take() {
  git fetch --quiet --no-tags --depth=1 "$remote" "+$branch:$fetched" &&
    git archive "$fetched" | tar -x -C "$1"
}

# The tree of what is in archive/. The index is derived, and of use on this machine only.
tree() {
  local scratch
  scratch=$(mktemp -d) &&
    (
      cd "$folder" &&
        export GIT_DIR=$git_dir GIT_WORK_TREE=. GIT_INDEX_FILE=$scratch/index &&
        git -c core.autocrlf=false add --all --force -- \
          . ':(exclude)index.parquet' ':(exclude,glob)**/.*.tmp' &&
        git write-tree
    ) &&
    rm -rf "$scratch"
}

# Puts what is in archive/ on top of what others have pushed meanwhile: what was there first stays.
# It is done beside archive/, which is then replaced by two renames.
merge() {
  local scratch
  mkdir -p .cache && scratch=$(mktemp -d .cache/archive-XXXXXX) || return
  if mkdir "$scratch/merged" && take "$scratch/merged" &&
    kpisite merge "$folder" --into "$scratch/merged" &&
    mv "$folder" "$scratch/before" && mv "$scratch/merged" "$folder"; then
    rm -rf "$scratch"
    git update-ref "$known" "$fetched"
  else
    rm -rf "$scratch/merged"
    return 1
  fi
}

restore() {
  local there
  mkdir -p "$folder"
  if [ -n "$(ls -A "$folder")" ]; then
    echo "archive/ has something in it: it is not overwritten." >&2
    return 1
  fi
  there=$(tip)
  if [ -z "$there" ]; then
    echo "There is no branch kpi-archive yet: the archive is empty."
    return
  fi
  take "$folder"
  git update-ref "$known" "$fetched"
  echo "The archive is that of commit $(git rev-parse "$known")."
}

# Pushes once. Each command is followed by what happens if it fails: `set -e` sleeps in a condition.
push() {
  local there base new commit
  there=$(tip) || return
  base=$(git rev-parse --quiet --verify "$known") || base=
  if [ -n "$there" ] && [ "$there" != "$base" ]; then
    merge || return
    there=$(git rev-parse "$known") || return
  fi
  new=$(tree) || return
  if [ "$new" = "$(git hash-object -t tree /dev/null)" ]; then
    [ -z "$there" ] || { echo "archive/ is empty, but the branch is not." >&2; return 1; }
    echo "There is no edition yet."
    return
  fi
  if [ -n "$there" ] && [ "$new" = "$(git rev-parse "$there^{tree}")" ]; then
    echo "Nothing is new in the archive."
    return
  fi
  commit=$(git commit-tree "$new" ${there:+-p "$there"} -m "Add to the archive") || return
  git push --quiet --force-with-lease="$branch:$there" "$remote" "$commit:$branch" || return
  git update-ref "$known" "$commit" || return
  echo "The archive was pushed: commit $commit."
}

save() {
  local attempt
  mkdir -p "$folder"
  for attempt in $(seq "$attempts"); do
    if push; then return; fi
    echo "Attempt $attempt of $attempts to push the archive failed." >&2
    sleep "$attempt"
  done
  echo "The archive could not be pushed. What the runner has of it is lost with the runner." >&2
  return 1
}

case "${1:-}" in
  restore | save) "$1" ;;
  *)
    echo "Usage: archive.sh restore|save" >&2
    exit 2
    ;;
esac
