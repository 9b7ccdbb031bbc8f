# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for mpathadm(8)

# The names of what there is now; nothing where that cannot be told.
_mpathadm_names() {
    case $1 in
    unit) mpathadm list lu 2>/dev/null | sed -n 's/^\t\([^\t].*\)/\1/p' ;;
    unit-name) mpathadm show lu 2>/dev/null | sed -n 's/^\tName:  //p' ;;
    target-port) mpathadm show lu 2>/dev/null | sed -n 's/^\t\tTarget Port Name:  //p' | sort -u ;;
    initiator-port) mpathadm list initiator-port 2>/dev/null | sed -n 's/^Initiator Port:  //p' ;;
    mpath-support) mpathadm list mpath-support 2>/dev/null | sed -n 's/^mpath-support:  //p' ;;
    esac
}

_mpathadm() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb='' object='' word offered=''
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word != -* ]] || continue
        if [[ -z $verb ]]; then
            verb=${word,,}
        else
            object=${word,,}
            break
        fi
    done
    [[ $object != lu ]] || object=logical-unit

    case $verb in
    '') offered='list show modify enable disable failover override status watch' ;;
    status | watch) ;;
    *)
        if [[ -z $object ]]; then
            case $verb in
            list | show) offered='mpath-support logical-unit lu initiator-port' ;;
            modify) offered='mpath-support logical-unit lu' ;;
            failover) offered='logical-unit lu' ;;
            enable | disable | override) offered=path ;;
            esac
        fi
        ;;
    esac

    if [[ -z $verb || ($verb != status && $verb != watch && -z $object) ]]; then
        [[ $current != -* ]] || offered='--help --json --strict'
    else
        case $previous in
        -a | --autofailback | -p | --autoprobe) offered='on off' ;;
        -b | --loadbalance) offered='round-robin least-blocks least-used device-product-specific logical-block failover-only' ;;
        -i | --initiator-port) offered=$(_mpathadm_names initiator-port) ;;
        -l | --logical-unit) offered=$(_mpathadm_names unit) ;;
        -n | --inqname) offered=$(_mpathadm_names unit-name) ;;
        -t | --target-port) offered=$(_mpathadm_names target-port) ;;
        *)
            if [[ $current == -* ]]; then
                case $verb:$object in
                list:logical-unit) offered='--help --json --strict --inqname --target-port' ;;
                list:* | show:* | status:*) offered='--help --json --strict' ;;
                watch:*) offered='--help --json' ;;
                modify:*) offered='--help --autofailback --autoprobe --loadbalance' ;;
                enable:* | disable:*) offered='--help --initiator-port --target-port --logical-unit' ;;
                override:*) offered='--help --initiator-port --target-port --logical-unit --cancel' ;;
                *) offered=--help ;;
                esac
            else
                case $verb:$object in
                status:* | *:logical-unit) offered=$(_mpathadm_names unit) ;;
                *:initiator-port | *:mpath-support) offered=$(_mpathadm_names "$object") ;;
                esac
            fi
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
}
complete -F _mpathadm mpathadm
