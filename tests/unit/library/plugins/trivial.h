/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trivial plugin, and how a test reaches into it: dlopen(RTLD_NOLOAD) of its file, dlsym of
 * trivial_control.
 *
 * Its objects, by sequence number: one device product, initiator ports 1 and 2, target ports 1 and
 * 2, groups 1 and 2 with one target port each, logical units 1 and 2, paths 1 to 4 (1 and 2 of the
 * first unit), one proprietary algorithm.
 */
#ifndef TRIVIAL_H
#define TRIVIAL_H

#include <mpapi-plugin.h>

/* The last change that the plugin was asked for. */
struct TrivialCall {
    char function[64];
    MP_OID first;
    MP_OID second;
    MP_UINT32 number;
};

struct TrivialControl {
    MP_UINT32 (*owner)(void);
    unsigned (*initializations)(void);
    struct TrivialCall (*last_call)(void);
    /* How often it was asked to subscribe and unsubscribe. */
    unsigned (*subscriptions)(void);
    unsigned (*unsubscriptions)(void);
    /* Tells a change of the objects 1..count of that type, on the calling thread, as its own
       thread would. Returns how many functions it called. */
    unsigned (*property_changed)(MP_OBJECT_TYPE type, MP_UINT32 count);
    /* On a thread of the plugin's own, which Terminate waits for. Once. */
    void (*property_changed_on_own_thread)(MP_OBJECT_TYPE type);
    unsigned (*visibility_changed)(MP_BOOL visible, MP_OBJECT_TYPE type, MP_UINT32 count);
    /* The status of the next registrations and deregistrations. */
    void (*answer_registrations)(MP_STATUS status);
    void (*answer_deregistrations)(MP_STATUS status);
    /* Called inside MP_CancelOverridePath, inside a registration and inside a deregistration; NULL
       for nothing. */
    void (*during_cancel)(void (*function)(void));
    void (*during_registration)(void (*function)(void));
    void (*during_deregistration)(void (*function)(void));
    /* Written to when Terminate begins. */
    void (*count_terminations_in)(int* counter);
};

#endif
