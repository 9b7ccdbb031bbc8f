# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for ipfailover(8)
_ipfailover() {
    local current=${COMP_WORDS[COMP_CWORD]} words=() offered='' i
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --profile) offered='rfc5227 fast none' ;;
    --policy) offered='always once never' ;;
    --forms) offered='both request reply' ;;
    --announcements | --intervals | --refresh | --lifetime | --label | --set | --from)
        COMPREPLY=()
        return
        ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --profile | --policy | --forms | --announcements | --intervals | --refresh | --lifetime | --label | --set | --from) i=$((i + 1)) ;;
        -*) ;;
        *) words+=("${COMP_WORDS[i]}") ;;
        esac
    done
    if [[ -z $offered ]]; then
        case ${words[0]:-}/${#words[@]} in
        /0) offered='online offline announce policy tickle status watch adapters firewall --json --version --help' ;;
        online/2) offered="auto $(ls /sys/class/net)" ;;
        firewall/1) offered=$(ls /sys/class/net) ;;
        firewall/*) offered='tcp/ udp/ echo' ;;
        offline/1 | announce/1 | policy/1 | tickle/1 | status/1)
            offered=$(ipfailover status 2>/dev/null | sed '1d; s,/.*,,')
            ;;
        policy/2) offered='always once never' ;;
        esac
        case ${words[0]:-} in
        online) offered+=' --profile --policy --forms --announcements --intervals --refresh --lifetime --label --set --no-prefix-route --json --help' ;;
        offline) offered+=' --no-reset --json --help' ;;
        firewall) offered+=' --from --json --help' ;;
        ?*) offered+=' --json --help' ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _ipfailover ipfailover
