# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for mpapid-san, see mpapid-san(5)
_mpapid_san() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    case $previous:$current in
    --bus:*) COMPREPLY=() ;;
    --state:*)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames
        ;;
    --config:* | *:[!-]* | *:)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W '--bus --config --state --check --version --help' -- "$current") ;;
    esac
}
complete -F _mpapid_san mpapid-san
