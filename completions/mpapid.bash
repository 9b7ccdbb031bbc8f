# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for mpapid(8)
_mpapid() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    case $previous in
    --config | --metrics)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W '--config --check-config --metrics --version --help' -- "$current") ;;
    esac
}
complete -F _mpapid mpapid
