// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/rendezvous.hpp"

#include <new>

namespace mpapi::library {
namespace {

union Storage {
    Rendezvous object;
    Storage() { new (&object) Rendezvous(); }
    ~Storage() {}
};
Storage storage;

thread_local unsigned callbacks = 0;

} // namespace

Rendezvous& rendezvous() {
    return storage.object;
}

void renew_rendezvous() {
    new (&storage.object) Rendezvous();
}

bool in_callback() {
    return callbacks > 0;
}

InCallback::InCallback() {
    ++callbacks;
}

InCallback::~InCallback() {
    --callbacks;
}

} // namespace mpapi::library
