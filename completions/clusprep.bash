# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for clusprep in bash.

# Names of hosts that the resolver's files know.
_clusprep_nodes() {
    getent hosts 2>/dev/null | awk '{ for (i = 2; i <= NF; i++) print $i }' | sort -u
}

_clusprep() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local group='' verb='' part='' word before='' places=0
    local -a offered=()
    local -a common=(--help --json --user --auth --password-fd --port --timeout)
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $before in # the argument of an option is no word of the command
        -u | --user | --auth | --password-fd | --port | --timeout | --bytes | --text | --hex | -i | --input | \
            -o | --output | --delay | --wait)
            before=''
            continue
            ;;
        esac
        before=$word
        [[ $word != -* ]] || continue
        if [[ -z $group ]]; then
            group=$word
        elif [[ $group == @(session|firewall) ]]; then
            ((++places))
        elif [[ -z $verb ]]; then
            verb=$word
        elif [[ $group:$verb == setup:secret && -z $part ]]; then
            part=$word
        else
            ((++places))
        fi
    done

    case $previous in
    --auth) offered=(ntlm kerberos negotiate) ;;
    -i | --input | -o | --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    -u | --user | --password-fd | --port | --timeout | --bytes | --text | --hex | --delay | --wait) return ;;
    *)
        if [[ $current == -* ]]; then
            offered=("${common[@]}")
            case $group:$verb${part:+ $part} in
            disk:read) offered+=(--bytes --output) ;;
            disk:write) offered+=(--text --hex --input) ;;
            pr:arbitrate | flow:online) offered+=(--hold) ;;
            file:write | file:verify) offered+=(--text --hex --input --any-file-system) ;;
            file:delete) offered+=(--any-file-system) ;;
            network:adapters) offered+=(--all) ;;
            'setup:secret set' | flow:setup) offered+=(--input) ;;
            'setup:secret get') offered+=(--output) ;;
            cleanup:node) offered+=(--delay --wait --keep-service --no-wait) ;;
            session:*) offered+=(--keep-going) ;;
            :) offered+=(--version) ;;
            esac
        elif [[ -z $group ]]; then
            offered=(disk pr partition file network firewall setup log cleanup flow session)
        elif [[ -z $verb && $group != @(session|firewall) ]]; then
            case $group in
            disk) offered=(list prepare props attach online set-online is-online offline unique read write scratch \
                readable ids dsms) ;;
            pr) offered=(register unregister reserve release preempt clear present arbitrate stop-defense) ;;
            partition) offered=(fs is-ntfs) ;;
            file) offered=(write verify delete) ;;
            network) offered=(initialize adapters ping firewall cleanup) ;;
            setup) offered=(secret label) ;;
            log) offered=(all span) ;;
            cleanup) offered=(node pr) ;;
            flow) offered=(online network setup) ;;
            esac
        elif [[ $group:$verb == setup:secret && -z $part ]]; then
            offered=(set get)
        elif ((places == 0)); then
            mapfile -t offered < <(_clusprep_nodes)
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$current")
}
complete -F _clusprep clusprep
