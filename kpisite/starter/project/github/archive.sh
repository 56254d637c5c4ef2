#!/usr/bin/env bash
# The archive of editions on the branch kpi-archive of this repository.
#   archive.sh restore    fetches the branch into archive/
#   archive.sh save       commits what is new in archive/, and pushes it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

remote=origin
branch=refs/heads/kpi-archive
known=refs/kpisite/archive # the commit that archive/ goes on from
folder=archive
attempts=5
export GIT_AUTHOR_NAME=kpisite GIT_AUTHOR_EMAIL=kpisite@localhost
export GIT_COMMITTER_NAME=kpisite GIT_COMMITTER_EMAIL=kpisite@localhost
git_dir=$(git rev-parse --absolute-git-dir)

# The commit of the branch; nothing where there is no branch. Fails where the remote does not answer.
tip() {
  git ls-remote "$remote" "$branch" | cut -f 1
}

# Fetches the branch and puts its files into archive/, which is empty.
take() {
  git fetch --quiet --no-tags --depth=1 "$remote" "+$branch:$known"
  git archive "$known" | tar -x -C "$folder"
}

# The tree of what is in archive/. The index is derived, and of use on this machine only.
tree() {
  local index
  index=$(mktemp -u)
  (
    cd "$folder"
    export GIT_INDEX_FILE=$index GIT_DIR=$git_dir GIT_WORK_TREE=.
    git -c core.autocrlf=false add --all --force -- . ':(exclude)index.parquet' ':(exclude,glob)**/.*.tmp'
    git write-tree
  )
  rm -f "$index"
}

# Puts what is in archive/ on top of what others have pushed meanwhile: what was there first stays.
merge() {
  local mine
  mine=$(mktemp -d)/archive
  mv "$folder" "$mine"
  mkdir "$folder"
  if ! { take && kpisite merge "$mine"; }; then
    rm -rf "$folder"
    mv "$mine" "$folder"
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
  take
  echo "archive/ is that of commit $there."
}

save() {
  local attempt there base new commit
  for attempt in $(seq "$attempts"); do
    there=$(tip)
    base=$(git rev-parse --quiet --verify "$known" || true)
    if [ -n "$there" ] && [ "$there" != "$base" ]; then
      merge
    fi
    new=$(tree)
    if [ "$new" = "$(git hash-object -t tree /dev/null)" ]; then
      [ -z "$there" ] || { echo "archive/ is empty, the branch is not: nothing was pushed." >&2; return 1; }
      echo "There is no edition yet."
      return
    fi
    if [ -n "$there" ] && [ "$new" = "$(git rev-parse "$known^{tree}")" ]; then
      echo "Nothing is new in the archive."
      return
    fi
    commit=$(git commit-tree "$new" ${there:+-p "$there"} -m "Add to the archive")
    if git push --quiet --force-with-lease="$branch:$there" "$remote" "$commit:$branch"; then
      git update-ref "$known" "$commit"
      echo "The archive was pushed: commit $commit."
      return
    fi
    echo "Attempt $attempt of $attempts to push the archive failed." >&2
    sleep "$attempt"
  done
  echo "The archive could not be pushed. What it has is in archive/." >&2
  return 1
}

case "${1:-}" in
  restore | save) "$1" ;;
  *)
    echo "Usage: archive.sh restore|save" >&2
    exit 2
    ;;
esac
