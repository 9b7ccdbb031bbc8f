// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin between Initialize and Terminate, also in a child after fork.
#include "library/include/mpapi-plugin.h"
#include "tests/unit/cmocka.hpp"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

decltype(&::Initialize) initialize;
decltype(&::Terminate) terminate;

int open_plugin(void**) {
    void* const plugin = ::dlopen(MPAPI_LINUX, RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) return 1;
    initialize = reinterpret_cast<decltype(initialize)>(::dlsym(plugin, "Initialize"));
    terminate = reinterpret_cast<decltype(terminate)>(::dlsym(plugin, "Terminate"));
    return initialize != nullptr && terminate != nullptr ? 0 : 1;
}

void it_is_initialized_for_one_owner_at_a_time(void**) {
    assert_int_equal(initialize(0), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(terminate(), MP_STATUS_FAILED);
    assert_int_equal(initialize(1), MP_STATUS_SUCCESS);
    assert_int_equal(initialize(2), MP_STATUS_FAILED);
    assert_int_equal(terminate(), MP_STATUS_SUCCESS);
    assert_int_equal(initialize(2), MP_STATUS_SUCCESS);
    assert_int_equal(terminate(), MP_STATUS_SUCCESS);
}

// The parent's library had initialized it and not yet noted that; the child's does it again.
void a_child_may_initialize_it_anew_once(void**) {
    assert_int_equal(initialize(1), MP_STATUS_SUCCESS);
    const pid_t child = ::fork();
    if (child == 0) {
        if (initialize(2) != MP_STATUS_SUCCESS) ::_exit(1);
        if (initialize(3) != MP_STATUS_FAILED) ::_exit(2);
        if (terminate() != MP_STATUS_SUCCESS || terminate() != MP_STATUS_FAILED) ::_exit(3);
        ::_exit(0);
    }
    int status = -1;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(initialize(2), MP_STATUS_FAILED);
    assert_int_equal(terminate(), MP_STATUS_SUCCESS);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_initialized_for_one_owner_at_a_time),
        cmocka_unit_test(a_child_may_initialize_it_anew_once),
    };
    return cmocka_run_group_tests(tests, open_plugin, nullptr);
}
