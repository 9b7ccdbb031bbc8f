# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for ipfailoverd(8)
_ipfailoverd() {
    local current=${COMP_WORDS[COMP_CWORD]}
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W '--config --check --version --help' -- "$current")
}
complete -F _ipfailoverd ipfailoverd
