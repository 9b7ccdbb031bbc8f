// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The functions of one plugin, as <mpapi-plugin.h> declares them. Null: the plugin has none.
#pragma once

#include "library/include/mpapi-plugin.h"

// clang-format off
#define MPAPI_ENTRY_POINTS(ENTRY)                                                                  \
    ENTRY(Initialize)                                                                              \
    ENTRY(Terminate)                                                                               \
    ENTRY(MP_GetPluginPropertiesPlugin)                                                            \
    ENTRY(MP_GetDeviceProductOidListPlugin)                                                        \
    ENTRY(MP_GetInitiatorPortOidListPlugin)                                                        \
    ENTRY(MP_GetMultipathLusPlugin)                                                                \
    ENTRY(MP_GetProprietaryLoadBalanceOidListPlugin)                                               \
    ENTRY(MP_EnableAutoFailbackPlugin)                                                             \
    ENTRY(MP_DisableAutoFailbackPlugin)                                                            \
    ENTRY(MP_EnableAutoProbingPlugin)                                                              \
    ENTRY(MP_DisableAutoProbingPlugin)                                                             \
    ENTRY(MP_SetPluginLoadBalanceTypePlugin)                                                       \
    ENTRY(MP_SetFailbackPollingRatePlugin)                                                         \
    ENTRY(MP_SetProbingPollingRatePlugin)                                                          \
    ENTRY(MP_RegisterForObjectPropertyChangesPlugin)                                               \
    ENTRY(MP_RegisterForObjectVisibilityChangesPlugin)                                             \
    ENTRY(MP_DeregisterForObjectPropertyChangesPlugin)                                             \
    ENTRY(MP_DeregisterForObjectVisibilityChangesPlugin)                                           \
    ENTRY(MP_EnableAutoFailbackLu)                                                                 \
    ENTRY(MP_DisableAutoFailbackLu)                                                                \
    ENTRY(MP_EnableAutoProbingLu)                                                                  \
    ENTRY(MP_DisableAutoProbingLu)                                                                 \
    ENTRY(MP_SetFailbackPollingRateLu)                                                             \
    ENTRY(MP_SetProbingPollingRateLu)                                                              \
    ENTRY(MP_GetMultipathLusDevProd)                                                               \
    ENTRY(MP_GetDeviceProductProperties)                                                           \
    ENTRY(MP_GetInitiatorPortProperties)                                                           \
    ENTRY(MP_GetMPLogicalUnitProperties)                                                           \
    ENTRY(MP_GetAssociatedPathOidList)                                                             \
    ENTRY(MP_GetPathLogicalUnitProperties)                                                         \
    ENTRY(MP_GetAssociatedTPGOidList)                                                              \
    ENTRY(MP_GetTargetPortGroupProperties)                                                         \
    ENTRY(MP_GetMPLuOidListFromTPG)                                                                \
    ENTRY(MP_GetProprietaryLoadBalanceProperties)                                                  \
    ENTRY(MP_GetTargetPortOidList)                                                                 \
    ENTRY(MP_GetTargetPortProperties)                                                              \
    ENTRY(MP_AssignLogicalUnitToTPG)                                                               \
    ENTRY(MP_SetOverridePath)                                                                      \
    ENTRY(MP_CancelOverridePath)                                                                   \
    ENTRY(MP_EnablePath)                                                                           \
    ENTRY(MP_DisablePath)                                                                          \
    ENTRY(MP_SetLogicalUnitLoadBalanceType)                                                        \
    ENTRY(MP_SetPathWeight)                                                                        \
    ENTRY(MP_SetProprietaryProperties)                                                             \
    ENTRY(MP_SetTPGAccess)
// clang-format on

namespace mpapi::library {

struct EntryPoints {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name
#define MPAPI_MEMBER(name) decltype(&::name) name = nullptr;
    MPAPI_ENTRY_POINTS(MPAPI_MEMBER)
#undef MPAPI_MEMBER
};

} // namespace mpapi::library
