// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Registrations for events with two trivial plugins, which tell changes on threads of the test.
#include "tests/unit/library/world.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace mpapi::library;

namespace {

const TrivialControl* plugins[3]; // by owner id

// What arrived. A callback writes it down where its caller data says.
struct Log {
    struct Entry {
        char kind; // 'p'roperty, 'v'isible, 'g'one
        MP_OID first;
        MP_UINT32 count;
    };
    std::mutex mutex;
    std::vector<Entry> entries;

    std::size_t size() {
        const std::lock_guard lock(mutex);
        return entries.size();
    }
    void add(char kind, const MP_OID_LIST* list) {
        const std::lock_guard lock(mutex);
        entries.push_back({kind, list->oids[0], list->oidCount});
    }
};

void on_property(MP_OID_LIST* list, void* data) {
    static_cast<Log*>(data)->add('p', list);
}

void on_property_too(MP_OID_LIST* list, void* data) {
    static_cast<Log*>(data)->add('P', list);
}

void on_visibility(MP_BOOL visible, MP_OID_LIST* list, void* data) {
    static_cast<Log*>(data)->add(visible ? 'v' : 'g', list);
}

const MP_OID all{};
const MP_OID first = oid_of(MP_OBJECT_TYPE_PLUGIN, 1, 0);
const MP_OID second = oid_of(MP_OBJECT_TYPE_PLUGIN, 2, 0);
constexpr MP_OBJECT_TYPE every_type = MP_OBJECT_TYPE_UNKNOWN;
constexpr MP_OBJECT_TYPE lu = MP_OBJECT_TYPE_MULTIPATH_LU;
constexpr MP_OBJECT_TYPE path = MP_OBJECT_TYPE_PATH_LU;

void end_of_child();

int load(void**) {
    std::atexit(end_of_child); // registered first, called last
    static const Configured configured("");
    const std::string copy = configured / "second.so";
    std::filesystem::copy_file(plugin_file("trivial"), copy);
    configured.write("mpapi.conf", "a\t" + plugin_file("trivial") + "\nb\t" + copy + "\n");
    MP_OID_LIST* list = nullptr;
    if (MP_GetPluginOidList(&list) != MP_STATUS_SUCCESS || list->oidCount != 2) return 1;
    MP_FreeOidList(list);
    plugins[1] = &control_of(plugin_file("trivial"));
    plugins[2] = &control_of(copy);
    return 0;
}

#define succeeds(call) assert_int_equal(call, MP_STATUS_SUCCESS)

void a_change_is_told_once_with_the_ids_of_its_plugin(void**) {
    Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, path, &log, second));
    assert_int_equal(plugins[1]->property_changed(path, 2), 0);
    assert_int_equal(plugins[2]->property_changed(lu, 1), 0);
    assert_int_equal(plugins[2]->property_changed(path, 3), 1);
    assert_int_equal(log.size(), 1);
    assert_int_equal(log.entries[0].count, 3);
    assert_int_equal(MP_CompareOIDs(log.entries[0].first, oid_of(path, 2, 1)), MP_STATUS_SUCCESS);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, path, second));
    assert_int_equal(plugins[2]->property_changed(path, 1), 0);
    assert_int_equal(log.size(), 1);
}

void both_kinds_are_apart(void**) {
    Log log;
    succeeds(MP_RegisterForObjectVisibilityChanges(on_visibility, lu, &log, first));
    assert_int_equal(plugins[1]->property_changed(lu, 1), 0);
    plugins[1]->visibility_changed(MP_TRUE, lu, 1);
    plugins[1]->visibility_changed(MP_FALSE, lu, 2);
    assert_int_equal(log.size(), 2);
    assert_int_equal(log.entries[0].kind, 'v');
    assert_int_equal(log.entries[1].kind, 'g');
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property, lu, first),
                     MP_STATUS_UNKNOWN_FN);
    succeeds(MP_DeregisterForObjectVisibilityChanges(on_visibility, lu, first));
}

void type_0_is_every_type_and_a_registration_of_its_own(void**) {
    Log log, log_of_paths;
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, every_type, &log, first));
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, path, &log_of_paths, first));
    for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type)
        plugins[1]->property_changed(static_cast<MP_OBJECT_TYPE>(type), 1);
    assert_int_equal(log.size(), 8);
    for (MP_UINT32 type = 1; type <= MP_OBJECT_TYPE_MAX; ++type)
        assert_int_equal(log.entries[type - 1].first.objectType, type);
    assert_int_equal(log_of_paths.size(), 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, every_type, first));
    plugins[1]->property_changed(path, 1);
    assert_int_equal(log.size(), 8);
    assert_int_equal(log_of_paths.size(), 2);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, path, first));
}

void registering_again_replaces_whatever_the_function(void**) {
    Log log, other;
    const unsigned subscriptions = plugins[1]->subscriptions();
    const unsigned unsubscriptions = plugins[1]->unsubscriptions();
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &other, first),
                     MP_STATUS_FN_REPLACED);
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.size(), 0);
    assert_int_equal(other.size(), 1);
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property_too, lu, &log, first),
                     MP_STATUS_FN_REPLACED);
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.entries.at(0).kind, 'P');
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property, lu, first),
                     MP_STATUS_UNKNOWN_FN);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property_too, lu, first));
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property_too, lu, first),
                     MP_STATUS_UNKNOWN_FN);
    // The plugin heard of it once.
    assert_int_equal(plugins[1]->subscriptions(), subscriptions + 1);
    assert_int_equal(plugins[1]->unsubscriptions(), unsubscriptions + 1);
}

void bad_arguments_have_their_status(void**) {
    const auto bad_type = oid_of(9, 0, 0).objectType; // carried as bytes
    const auto add = [](MP_OBJECT_PROPERTY_FN function, const MP_OBJECT_TYPE& type, MP_OID oid) {
        return MP_RegisterForObjectPropertyChanges(function, type, nullptr, oid);
    };
    assert_int_equal(add(nullptr, lu, first), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(nullptr, lu, oid_of(99, 0, 0)), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(add(on_property, bad_type, first), MP_STATUS_INVALID_OBJECT_TYPE);
    assert_int_equal(add(on_property, lu, oid_of(0, 1, 0)), MP_STATUS_INVALID_OBJECT_TYPE);
    assert_int_equal(add(on_property, lu, oid_of(99, 1, 0)), MP_STATUS_INVALID_OBJECT_TYPE);
    assert_int_equal(add(on_property, lu, oid_of(1, 3, 0)), MP_STATUS_OBJECT_NOT_FOUND);
    assert_int_equal(add(on_property, lu, oid_of(1, 1, 1)), MP_STATUS_OBJECT_NOT_FOUND);
    assert_int_equal(add(on_property, lu, oid_of(4, 1, 1)), MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(nullptr, lu, first),
                     MP_STATUS_INVALID_PARAMETER);
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property, bad_type, first),
                     MP_STATUS_INVALID_OBJECT_TYPE);
    assert_int_equal(MP_DeregisterForObjectVisibilityChanges(on_visibility, lu, oid_of(1, 9, 0)),
                     MP_STATUS_OBJECT_NOT_FOUND);
    assert_int_equal(MP_RegisterForObjectVisibilityChanges(nullptr, lu, nullptr, all),
                     MP_STATUS_INVALID_PARAMETER);
}

void caller_data_may_be_null(void**) {
    static int calls;
    calls = 0;
    const MP_OBJECT_PROPERTY_FN function = [](MP_OID_LIST*, void* data) {
        if (data == nullptr) ++calls;
    };
    succeeds(MP_RegisterForObjectPropertyChanges(function, lu, nullptr, first));
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(calls, 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(function, lu, first));
}

void all_plugins_are_one_registration_each(void**) {
    Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, all));
    plugins[1]->property_changed(lu, 1);
    plugins[2]->property_changed(lu, 1);
    assert_int_equal(log.size(), 2);
    assert_int_equal(log.entries[0].first.ownerId, 1);
    assert_int_equal(log.entries[1].first.ownerId, 2);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
    // One was replaced, one is new; then one knows the function, one does not.
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, all),
                     MP_STATUS_FN_REPLACED);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, second));
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, all));
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property, lu, all),
                     MP_STATUS_UNKNOWN_FN);
}

void of_all_plugins_an_error_wins_and_unsupported_only_if_all_are(void**) {
    Log log;
    plugins[2]->answer_registrations(MP_STATUS_UNSUPPORTED);
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, all));
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, second),
                     MP_STATUS_UNSUPPORTED);
    plugins[2]->answer_registrations(MP_STATUS_FAILED);
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, all),
                     MP_STATUS_FAILED);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, all));
    plugins[1]->answer_registrations(MP_STATUS_UNSUPPORTED);
    plugins[2]->answer_registrations(MP_STATUS_UNSUPPORTED);
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, all),
                     MP_STATUS_UNSUPPORTED);
    plugins[1]->answer_registrations(MP_STATUS_SUCCESS);
    plugins[2]->answer_registrations(MP_STATUS_SUCCESS);
    assert_int_equal(MP_DeregisterForObjectPropertyChanges(on_property, lu, all),
                     MP_STATUS_UNKNOWN_FN);
}

void a_plugin_that_cannot_stop_is_not_heard(void**) {
    Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    plugins[1]->answer_deregistrations(MP_STATUS_FAILED);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
    plugins[1]->answer_deregistrations(MP_STATUS_SUCCESS);
    assert_int_equal(plugins[1]->property_changed(lu, 1), 1); // says the plugin
    assert_int_equal(log.size(), 0);
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.size(), 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
    assert_int_equal(plugins[1]->property_changed(lu, 1), 0);
}

void cancel_this_thread() {
    ::pthread_cancel(::pthread_self());
    ::pthread_testcancel();
}

// What the plugin knows is what the library thinks it knows.
void a_thread_that_is_cancelled_finishes_what_it_tells_the_plugin(void**) {
    static Log log;
    const unsigned subscriptions = plugins[1]->subscriptions();
    const unsigned unsubscriptions = plugins[1]->unsubscriptions();
    plugins[1]->during_registration(cancel_this_thread);
    std::thread([] { MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first); }).join();
    plugins[1]->during_registration(nullptr);
    assert_int_equal(plugins[1]->subscriptions(), subscriptions + 1);
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.size(), 1);

    plugins[1]->during_deregistration(cancel_this_thread);
    std::thread([] { MP_DeregisterForObjectPropertyChanges(on_property, lu, first); }).join();
    plugins[1]->during_deregistration(nullptr);
    assert_int_equal(plugins[1]->unsubscriptions(), unsubscriptions + 1);
    assert_int_equal(plugins[1]->property_changed(lu, 1), 0);

    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    assert_int_equal(plugins[1]->subscriptions(), subscriptions + 2);
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.size(), 2);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
}

// Who replaced it was told that it is registered, and is not removed for another's refusal.
void a_refusal_does_not_remove_a_function_that_took_its_place(void**) {
    static Log log, other;
    const MP_OBJECT_PROPERTY_FN replace = [](MP_OID_LIST*, void*) {
        plugins[1]->during_registration(
            [] { plugins[1]->answer_registrations(MP_STATUS_SUCCESS); });
        if (MP_RegisterForObjectPropertyChanges(on_property_too, lu, &other, first) !=
            MP_STATUS_FN_REPLACED)
            std::abort();
        plugins[1]->answer_registrations(MP_STATUS_FAILED);
    };
    succeeds(MP_RegisterForObjectPropertyChanges(replace, path, nullptr, first));
    plugins[1]->during_registration([] { plugins[1]->property_changed(path, 1); });
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    plugins[1]->during_registration(nullptr);
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(log.size(), 0);
    assert_int_equal(other.size(), 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property_too, lu, first));
    succeeds(MP_DeregisterForObjectPropertyChanges(replace, path, first));
}

// A door that a callback waits behind.
struct Door {
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false, open = false, left = false;

    void set(bool Door::*what) {
        const std::lock_guard lock(mutex);
        this->*what = true;
        changed.notify_all();
    }
    void await(bool Door::*what) {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, std::chrono::seconds(20), [&] { return this->*what; }))
            std::abort();
    }
    bool is(bool Door::*what) {
        const std::lock_guard lock(mutex);
        return this->*what;
    }
};

void wait_behind(MP_OID_LIST*, void* data) {
    auto& door = *static_cast<Door*>(data);
    door.set(&Door::entered);
    door.await(&Door::open);
    door.set(&Door::left);
}

void deregistering_waits_for_a_callback_that_runs(void**) {
    static Door door;
    succeeds(MP_RegisterForObjectPropertyChanges(wait_behind, lu, &door, first));
    std::thread event([] { plugins[1]->property_changed(lu, 1); });
    door.await(&Door::entered);
    bool left_before_the_end = false;
    // The door opens when the plugin was told to stop, which is before the wait.
    plugins[1]->during_deregistration([] { door.set(&Door::open); });
    succeeds(MP_DeregisterForObjectPropertyChanges(wait_behind, lu, first));
    left_before_the_end = door.is(&Door::left);
    plugins[1]->during_deregistration(nullptr);
    event.join();
    assert_true(left_before_the_end);
}

void deregistering_waits_for_a_function_that_was_replaced(void**) {
    static Door door;
    Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(wait_behind, lu, &door, first));
    std::thread event([] { plugins[1]->property_changed(lu, 1); });
    door.await(&Door::entered);
    assert_int_equal(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first),
                     MP_STATUS_FN_REPLACED);
    plugins[1]->during_deregistration([] { door.set(&Door::open); });
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
    const bool left = door.is(&Door::left);
    plugins[1]->during_deregistration(nullptr);
    event.join();
    assert_true(left);
}

void a_slow_callback_holds_nobody_up(void**) {
    Door door;
    Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(wait_behind, lu, &door, first));
    std::thread event([] { plugins[1]->property_changed(lu, 1); });
    door.await(&Door::entered);
    MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES properties;
    succeeds(MP_GetMPLogicalUnitProperties(oid_of(lu, 1, 1), &properties));
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, path, &log, all));
    plugins[1]->property_changed(path, 1);
    assert_int_equal(log.size(), 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, path, all));
    door.set(&Door::open);
    event.join();
    succeeds(MP_DeregisterForObjectPropertyChanges(wait_behind, lu, first));
}

// Inside a callback everything works, its own end included.
void a_callback_may_call_everything(void**) {
    static Log log;
    static unsigned failures;
    failures = 0;
    const MP_OBJECT_PROPERTY_FN function = [](MP_OID_LIST* list, void*) {
        const auto want = [](MP_STATUS status, MP_STATUS expected = MP_STATUS_SUCCESS) {
            if (status != expected) ++failures;
        };
        MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES properties;
        want(MP_GetMPLogicalUnitProperties(list->oids[0], &properties));
        want(MP_CancelOverridePath(list->oids[0]));
        MP_OID_LIST* paths = nullptr;
        want(MP_GetAssociatedPathOidList(list->oids[0], &paths));
        want(MP_FreeOidList(paths));
        want(MP_FreeOidList(list)); // not the client's to free: nothing happens
        if (list->oids[0].objectType != lu) ++failures;
        want(MP_RegisterForObjectVisibilityChanges(on_visibility, lu, &log, all));
        want(MP_DeregisterForObjectVisibilityChanges(on_visibility, lu, all));
        want(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first),
             MP_STATUS_FN_REPLACED);
        want(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
        want(MP_DeregisterForObjectPropertyChanges(on_property, lu, first), MP_STATUS_UNKNOWN_FN);
    };
    succeeds(MP_RegisterForObjectPropertyChanges(function, lu, nullptr, first));
    plugins[1]->property_changed(lu, 1);
    assert_int_equal(failures, 0);
    assert_int_equal(plugins[1]->property_changed(lu, 1), 0);
}

// The plugin waits, in its deregistration, for a callback that itself registers and deregisters.
void a_callback_that_registers_while_the_plugin_waits_for_it_does_not_wait(void**) {
    static Door door;
    static Log log;
    const MP_OBJECT_PROPERTY_FN function = [](MP_OID_LIST*, void*) {
        door.set(&Door::entered);
        door.await(&Door::open);
        if (MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first) != MP_STATUS_SUCCESS)
            std::abort();
        door.set(&Door::left);
    };
    succeeds(MP_RegisterForObjectPropertyChanges(function, lu, nullptr, first));
    std::thread event([] { plugins[1]->property_changed(lu, 1); });
    door.await(&Door::entered);
    plugins[1]->during_deregistration([] {
        door.set(&Door::open);
        door.await(&Door::left);
    });
    succeeds(MP_DeregisterForObjectPropertyChanges(function, lu, first));
    plugins[1]->during_deregistration(nullptr);
    event.join();
    // The callback's registration stands, and the plugin knows it.
    log.entries.clear();
    assert_int_equal(plugins[1]->property_changed(lu, 1), 1);
    assert_int_equal(log.size(), 1);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
}

// In a child: called after all that the library does at the end.
bool child_succeeded = false;
void end_of_child() {
    if (child_succeeded) ::_exit(0);
}

bool is_asleep(pid_t thread) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string number, name, state;
    file >> number >> name >> state;
    return state == "S";
}

void a_child_can_go_on_whatever_other_threads_were_doing(void**) {
    // Not destroyed in the child, where the threads that wait for it do not exist.
    static auto& door = *new Door;
    succeeds(MP_RegisterForObjectPropertyChanges(wait_behind, lu, &door, first));
    std::thread event([] { plugins[1]->property_changed(lu, 1); });
    door.await(&Door::entered);
    // A second thread waits for the callback of the first.
    static std::atomic<pid_t> waiter{0};
    plugins[1]->during_deregistration([] { waiter = ::gettid(); });
    std::thread waiting([] { MP_DeregisterForObjectPropertyChanges(wait_behind, lu, first); });
    while (waiter == 0 || !is_asleep(waiter))
        std::this_thread::yield();
    const int status = status_of_child([] {
        ::alarm(20);
        MP_TARGET_PORT_PROPERTIES properties;
        bool good = MP_GetTargetPortProperties(oid_of(3, 1, 1), &properties) == MP_STATUS_SUCCESS;
#ifndef __SANITIZE_THREAD__ // which allows no thread in such a child
        // The callback that runs in the parent does not run here, and waiting works as ever.
        static auto& own = *new Door;
        good = good && MP_RegisterForObjectPropertyChanges(wait_behind, lu, &own, first) ==
                           MP_STATUS_SUCCESS;
        std::thread own_event([] { plugins[1]->property_changed(lu, 1); });
        own.await(&Door::entered);
        plugins[1]->during_deregistration([] { own.set(&Door::open); });
        good = good &&
               MP_DeregisterForObjectPropertyChanges(wait_behind, lu, first) == MP_STATUS_SUCCESS;
        good = good && own.is(&Door::left);
        own_event.join();
#endif
        if (good) child_succeeded = true;
        std::exit(2); // and unloading waits for nobody
    });
    plugins[1]->during_deregistration(nullptr);
    door.set(&Door::open);
    event.join();
    waiting.join();
    assert_int_equal(status, 0);
}

// The plugin's thread is not in the child; it starts one when it is told of a registration.
void a_child_that_registers_again_is_registered_with_the_plugin(void**) {
    static Log log;
    succeeds(MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first));
    const int status = status_of_child([] {
        const unsigned subscriptions = plugins[1]->subscriptions();
        if (MP_RegisterForObjectPropertyChanges(on_property, lu, &log, first) !=
                MP_STATUS_FN_REPLACED ||
            plugins[1]->subscriptions() != subscriptions + 1)
            ::_exit(1);
        if (plugins[1]->property_changed(lu, 1) != 1 || log.size() != 1) ::_exit(2);
        if (MP_DeregisterForObjectPropertyChanges(on_property, lu, first) != MP_STATUS_SUCCESS ||
            plugins[1]->property_changed(lu, 1) != 0)
            ::_exit(3);
        ::_exit(0);
    });
    assert_int_equal(status, 0);
    succeeds(MP_DeregisterForObjectPropertyChanges(on_property, lu, first));
}

void without_plugins_registering_for_all_succeeds(void**) {
    const Configured configured("");
    assert_text_equal(output_of(REGISTER_WITHOUT_PLUGINS), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_once_with_the_ids_of_its_plugin),
        cmocka_unit_test(both_kinds_are_apart),
        cmocka_unit_test(type_0_is_every_type_and_a_registration_of_its_own),
        cmocka_unit_test(registering_again_replaces_whatever_the_function),
        cmocka_unit_test(bad_arguments_have_their_status),
        cmocka_unit_test(caller_data_may_be_null),
        cmocka_unit_test(all_plugins_are_one_registration_each),
        cmocka_unit_test(of_all_plugins_an_error_wins_and_unsupported_only_if_all_are),
        cmocka_unit_test(a_plugin_that_cannot_stop_is_not_heard),
        cmocka_unit_test(a_thread_that_is_cancelled_finishes_what_it_tells_the_plugin),
        cmocka_unit_test(a_refusal_does_not_remove_a_function_that_took_its_place),
        cmocka_unit_test(deregistering_waits_for_a_callback_that_runs),
        cmocka_unit_test(deregistering_waits_for_a_function_that_was_replaced),
        cmocka_unit_test(a_slow_callback_holds_nobody_up),
        cmocka_unit_test(a_callback_may_call_everything),
        cmocka_unit_test(a_callback_that_registers_while_the_plugin_waits_for_it_does_not_wait),
        cmocka_unit_test(a_child_can_go_on_whatever_other_threads_were_doing),
        cmocka_unit_test(a_child_that_registers_again_is_registered_with_the_plugin),
        cmocka_unit_test(without_plugins_registering_for_all_succeeds),
    };
    return cmocka_run_group_tests(tests, load, nullptr);
}
