# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for istd(8)
_istd() {
    local current=${COMP_WORDS[COMP_CWORD]} command='' offered i
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --config)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
        ;;
    --interface)
        mapfile -t COMPREPLY < <(compgen -W "$(cd /sys/class/net 2>/dev/null && echo *)" -- "$current")
        return
        ;;
    --timeout)
        COMPREPLY=()
        return
        ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --config | --interface | --timeout) i=$((i + 1)) ;;
        -*) ;;
        *) command=${COMP_WORDS[i]} ;;
        esac
    done
    case $command in
    '') offered='discover --config --check --version --help' ;;
    discover) offered='--timeout --interface --watch --json --targets --help' ;;
    *) offered='' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _istd istd
