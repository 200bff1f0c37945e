#!/usr/bin/env bash
# Validates every document under k8s/ against the Kubernetes schemas, strictly: an unknown field is an error.
# Takes kubernetes-validate from the PATH, else makes a venv under .tools.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v kubernetes-validate >/dev/null; then
  venv=.tools/venv
  [ -x "$venv/bin/python3" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/lint-requirements.txt
  PATH="$PWD/$venv/bin:$PATH"
fi

# kustomization.yaml is read by kustomize alone and has no schema among the cluster's.
mapfile -t files < <(find k8s -name '*.yaml' ! -name kustomization.yaml | sort)
[ "${#files[@]}" -gt 0 ] || { echo "no manifests found" >&2; exit 1; }
kubernetes-validate --strict --quiet "${files[@]}"
echo "k8s: ${#files[@]} files are valid"
