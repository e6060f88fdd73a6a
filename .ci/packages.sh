# Installs packages of Debian that are missing. Returns 1 where there is no apt-get.
install_packages() {
  local as_root=() found
  command -v apt-get >/dev/null || return 1
  found="$(dpkg-query --show --showformat='${db:Status-Status}\n' "$@" 2>/dev/null |
    grep --count --line-regexp installed)" || true
  if [[ "$found" == "$#" ]]; then return 0; fi
  if [[ "$(id --user)" != 0 ]]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update --quiet=2 >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet=2 --no-install-recommends "$@" >&2
}
