# SPDX-License-Identifier: LGPL-2.1-or-later
"""libMPAPI as a C program calls it, by ctypes: what the lab needs of it. Objects are named as on the bus, (type, number)."""

import ctypes

SUCCESS, INVALID_PARAMETER, FAILED, OBJECT_NOT_FOUND, UNSUPPORTED, ACCESS_STATE_INVALID, INVALID_WEIGHT = (
    0, 1, 3, 6, 7, 9, 10)
PATH_NONOPERATIONAL, TRY_AGAIN, NOT_PERMITTED = 11, 12, 13
STATES = {"active-optimized": 0, "active-nonoptimized": 1, "standby": 2, "unavailable": 3, "active": 0x10}


class Oid(ctypes.Structure):
    _fields_ = [("objectType", ctypes.c_uint32), ("ownerId", ctypes.c_uint32), ("objectSequenceNumber", ctypes.c_uint64)]


class OidList(ctypes.Structure):
    _fields_ = [("oidCount", ctypes.c_uint32), ("oids", Oid * 1)]


class StatePair(ctypes.Structure):
    _fields_ = [("tpgOid", Oid), ("desiredState", ctypes.c_int)]


class Property(ctypes.Structure):
    _fields_ = [("name", ctypes.c_wchar * 16), ("value", ctypes.c_wchar * 48)]


class Library:
    def __init__(self):
        self.library = ctypes.CDLL("libMPAPI.so.1")
        plugins = ctypes.POINTER(OidList)()
        status = self.library.MP_GetPluginOidList(ctypes.byref(plugins))
        if status != SUCCESS or plugins.contents.oidCount != 1:
            raise LookupError(f"one plugin is expected; status {status}")
        self.plugin = Oid.from_buffer_copy(plugins.contents.oids[0])
        self.library.MP_FreeOidList(plugins)
        self.plugin_id = (self.plugin.objectType, self.plugin.objectSequenceNumber)
        self.library.MP_SetPathWeight.argtypes = [Oid, ctypes.c_uint32]
        self.library.MP_SetProprietaryProperties.argtypes = [Oid, ctypes.c_uint32, ctypes.POINTER(Property)]
        self.library.MP_SetTPGAccess.argtypes = [Oid, ctypes.c_uint32, ctypes.POINTER(StatePair)]

    def oid(self, object_id):
        return Oid(object_id[0], self.plugin.ownerId, object_id[1])

    def set_tpg_access(self, unit, states):
        """MP_SetTPGAccess with all pairs in one call, [(group's ObjectId, state)]; gives the MP_STATUS."""
        pairs = (StatePair * len(states))(*[StatePair(self.oid(group), STATES[state]) for group, state in states])
        return self.library.MP_SetTPGAccess(self.oid(unit), len(states), pairs)

    def set_weight(self, path, weight):
        return self.library.MP_SetPathWeight(self.oid(path), weight)

    def set_properties(self, one, values):
        """MP_SetProprietaryProperties of a plugin, a logical unit or a load balance type; gives the MP_STATUS."""
        properties = (Property * len(values))(*values.items())
        return self.library.MP_SetProprietaryProperties(self.oid(one), len(values), properties)
