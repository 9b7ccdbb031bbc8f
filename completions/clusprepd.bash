# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for clusprepd(8)
_clusprepd() {
    local current=${COMP_WORDS[COMP_CWORD]} commands='' offered i
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --config | --file)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
        ;;
    --password-fd)
        COMPREPLY=()
        return
        ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --config | --file | --password-fd) i=$((i + 1)) ;;
        -*) ;;
        *) commands+=" ${COMP_WORDS[i]}" ;;
        esac
    done
    case $commands in
    '') offered='account --config --check --version --help' ;;
    ' account') offered='add remove list --file --help' ;;
    ' account add'*) offered='--password-fd --help' ;;
    *) offered='--help' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _clusprepd clusprepd
