// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The library opened, used and closed by a program that is not linked with it.
#include "tests/unit/library/world.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

using namespace mpapi::library;

namespace {

int terminations = 0;

// The library, open as long as this lives.
class Library {
  public:
    Library()
      : handle_(::dlopen(LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) fail_msg("%s", ::dlerror());
    }
    ~Library() { close(); }
    void close() {
        if (handle_ != nullptr) ::dlclose(std::exchange(handle_, nullptr));
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    template <typename Function>
    Function* function(const char* name, Function*) const {
        void* const symbol = ::dlsym(handle_, name);
        assert_non_null(symbol);
        return reinterpret_cast<Function*>(symbol);
    }

  private:
    void* handle_;
};

#define IN(library, name) (library).function(#name, static_cast<decltype(&::name)>(nullptr))

bool is_open(const std::string& file) {
    void* const handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (handle != nullptr) ::dlclose(handle);
    return handle != nullptr;
}

// The file by itself: it needs nothing of the library.
const std::string trivial = plugin_file("trivial");

void use(const Library& library) {
    MP_OID_LIST* list = nullptr;
    assert_int_equal(IN(library, MP_GetPluginOidList)(&list), MP_STATUS_SUCCESS);
    assert_int_equal(list->oidCount, 1);
    assert_int_equal(IN(library, MP_FreeOidList)(list), MP_STATUS_SUCCESS);
}

void closing_terminates_and_closes_each_plugin(void**) {
    const Configured configured("a\t" + trivial + "\n");
    terminations = 0;
    {
        const Library library;
        assert_false(is_open(trivial)); // not before a call that concerns plugins
        use(library);
        assert_true(is_open(trivial));
        control_of(trivial).count_terminations_in(&terminations);
    }
    assert_int_equal(std::exchange(terminations, 0), 1);
    assert_false(is_open(trivial));
    assert_false(is_open(LIBRARY_FILE));
}

long pages_in_use() {
    long size = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    return resident;
}

std::size_t descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

void a_thousand_times_leave_nothing_behind(void**) {
    const Configured configured("a\t" + trivial + "\n");
    const auto round = [] {
        const Library library;
        use(library);
        const MP_OBJECT_PROPERTY_FN function = [](MP_OID_LIST*, void*) {};
        assert_int_equal(IN(library, MP_RegisterForObjectPropertyChanges)(
                             function, MP_OBJECT_TYPE_UNKNOWN, nullptr, MP_OID{}),
                         MP_STATUS_SUCCESS);
    };
    for (int warm_up = 0; warm_up < 100; ++warm_up)
        round();
    const long before = pages_in_use();
    const std::size_t descriptors_before = descriptors();
    for (int turn = 0; turn < 1000; ++turn)
        round();
    assert_int_equal(descriptors(), descriptors_before);
    print_message("%ld pages before, %ld after\n", before, pages_in_use());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
    assert_true(pages_in_use() <= before + 32); // a sanitizer keeps what was freed for a while
#endif
}

// The end of a process, in a child of this one, which has never loaded the library. `judge` runs
// after all that the library does then; it says whether that was right. Whatever need not wait for
// the ten seconds of a call that does not return must be done before they are over.
template <typename Body>
int exit_of(void (*judge)(), Body body, unsigned seconds = 8) {
    return status_of_child([&] {
        ::alarm(seconds);
        std::atexit(judge);                            // registered first, called last
        static const auto* const opened = new Library; // never closed: the process ends
        const Library& library = *opened;
        use(library);
        body(library);
    });
}

void expect_one_termination() {
    ::_exit(terminations == 1 ? 0 : 1);
}

void expect_no_termination() {
    ::_exit(terminations == 0 ? 0 : 1);
}

void exiting_terminates_plugins(void**) {
    const Configured configured("a\t" + trivial + "\n");
    assert_int_equal(exit_of(expect_one_termination,
                             [](const Library&) {
                                 control_of(trivial).count_terminations_in(&terminations);
                                 std::exit(2);
                             }),
                     0);
}

std::atomic<bool> in_call{false};
std::atomic<int> terminations_seen_by_the_call{-1};
decltype(&MP_GetObjectType) get_object_type;

// Stays in the plugin until unloading has begun, which other calls see: there are no plugins then.
// It would not take unloading long to terminate the plugin if it did not wait.
void stay_until_unloading() {
    in_call = true;
    in_call.notify_all();
    MP_OBJECT_TYPE type{};
    while (get_object_type(oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, 1, 1), &type) == MP_STATUS_SUCCESS)
        std::this_thread::yield();
    for (int turn = 0; turn < 10'000 && terminations == 0; ++turn)
        std::this_thread::yield();
    terminations_seen_by_the_call = terminations;
}

void unloading_waits_for_calls_in_flight(void**) {
    const Configured configured("a\t" + trivial + "\n");
    const auto judge = [] {
        ::_exit(terminations == 1 && terminations_seen_by_the_call == 0 ? 0 : 1);
    };
    assert_int_equal(exit_of(+judge,
                             [](const Library& library) {
                                 const TrivialControl& control = control_of(trivial);
                                 control.count_terminations_in(&terminations);
                                 control.during_cancel(stay_until_unloading);
                                 get_object_type = IN(library, MP_GetObjectType);
                                 const auto cancel = IN(library, MP_CancelOverridePath);
                                 std::thread([cancel] {
                                     cancel(oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, 1, 1));
                                 }).detach();
                                 in_call.wait(false);
                                 std::exit(2);
                             }),
                     0);
}

std::atomic<int> told_while_unloading{0};

void unloading_waits_for_callbacks_in_flight_and_begins_no_more(void**) {
    const Configured configured("a\t" + trivial + "\n");
    const auto judge = [] {
        ::_exit(terminations == 1 && terminations_seen_by_the_call == 0 && told_while_unloading == 0
                    ? 0
                    : 1);
    };
    assert_int_equal(exit_of(+judge,
                             [](const Library& library) {
                                 static const TrivialControl& control = control_of(trivial);
                                 control.count_terminations_in(&terminations);
                                 get_object_type = IN(library, MP_GetObjectType);
                                 const auto add = IN(library, MP_RegisterForObjectPropertyChanges);
                                 add([](MP_OID_LIST*, void*) { ++told_while_unloading; },
                                     MP_OBJECT_TYPE_PATH_LU, nullptr, MP_OID{});
                                 add(
                                     [](MP_OID_LIST*, void*) {
                                         stay_until_unloading();
                                         control.property_changed(MP_OBJECT_TYPE_PATH_LU, 1);
                                     },
                                     MP_OBJECT_TYPE_PLUGIN, nullptr, MP_OID{});
                                 control.property_changed_on_own_thread(MP_OBJECT_TYPE_PLUGIN);
                                 in_call.wait(false);
                                 std::exit(2);
                             }),
                     0);
}

// It takes the ten seconds that libMPAPI(3) tells of.
void a_call_that_never_returns_does_not_keep_a_process_from_its_end(void**) {
    const Configured configured("a\t" + trivial + "\n");
    assert_int_equal(exit_of(
                         expect_no_termination,
                         [](const Library& library) {
                             const TrivialControl& control = control_of(trivial);
                             control.count_terminations_in(&terminations);
                             control.during_cancel([] {
                                 in_call = true;
                                 in_call.notify_all();
                                 for (;;)
                                     ::pause();
                             });
                             const auto cancel = IN(library, MP_CancelOverridePath);
                             std::thread([cancel] {
                                 cancel(oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, 1, 1));
                             }).detach();
                             in_call.wait(false);
                             std::exit(2);
                         },
                         60),
                     0);
}

// At exit nobody returns into the library; here a callback would return into nothing.
void closing_waits_for_a_callback_however_long_it_takes(void**) {
    const Configured configured("a\t" + trivial + "\n");
    const int status = status_of_child([] {
        ::alarm(60);
        Library library;
        use(library);
        const TrivialControl& control = control_of(trivial);
        control.count_terminations_in(&terminations);
        get_object_type = IN(library, MP_GetObjectType);
        const auto add = IN(library, MP_RegisterForObjectPropertyChanges);
        add(
            [](MP_OID_LIST*, void*) {
                stay_until_unloading();
                // Longer than the end of a process would wait.
                std::this_thread::sleep_for(std::chrono::seconds(11));
                terminations_seen_by_the_call = terminations;
            },
            MP_OBJECT_TYPE_PLUGIN, nullptr, MP_OID{});
        control.property_changed_on_own_thread(MP_OBJECT_TYPE_PLUGIN);
        in_call.wait(false);
        library.close();
        if (is_open(trivial) || is_open(LIBRARY_FILE)) ::_exit(1);
        ::_exit(terminations == 1 && terminations_seen_by_the_call == 0 ? 0 : 2);
    });
    assert_int_equal(status, 0);
}

void exiting_inside_a_callback_ends_the_process(void**) {
    const Configured configured("a\t" + trivial + "\n");
    assert_int_equal(exit_of(expect_no_termination,
                             [](const Library& library) {
                                 control_of(trivial).count_terminations_in(&terminations);
                                 const auto add = IN(library, MP_RegisterForObjectPropertyChanges);
                                 add([](MP_OID_LIST*, void*) { std::exit(2); },
                                     MP_OBJECT_TYPE_PLUGIN, nullptr, MP_OID{});
                                 control_of(trivial).property_changed(MP_OBJECT_TYPE_PLUGIN, 1);
                             }),
                     0);
}

void exiting_inside_a_call_ends_the_process(void**) {
    const Configured configured("a\t" + trivial + "\n");
    assert_int_equal(exit_of(expect_no_termination,
                             [](const Library& library) {
                                 control_of(trivial).count_terminations_in(&terminations);
                                 control_of(trivial).during_cancel([] { std::exit(2); });
                                 const auto cancel = IN(library, MP_CancelOverridePath);
                                 cancel(oid_of(MP_OBJECT_TYPE_MULTIPATH_LU, 1, 1));
                             }),
                     0);
}

void a_child_does_not_terminate_the_plugins_of_its_parent(void**) {
    const Configured configured("a\t" + trivial + "\n");
    assert_int_equal(exit_of(expect_no_termination,
                             [](const Library& library) {
                                 control_of(trivial).count_terminations_in(&terminations);
                                 const int status = status_of_child([&] {
                                     use(library);
                                     std::exit(2);
                                 });
                                 ::_exit(status == 0 ? 0 : 1);
                             }),
                     0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(closing_terminates_and_closes_each_plugin),
        cmocka_unit_test(a_thousand_times_leave_nothing_behind),
        cmocka_unit_test(exiting_terminates_plugins),
        cmocka_unit_test(unloading_waits_for_calls_in_flight),
        cmocka_unit_test(unloading_waits_for_callbacks_in_flight_and_begins_no_more),
        cmocka_unit_test(a_call_that_never_returns_does_not_keep_a_process_from_its_end),
        cmocka_unit_test(closing_waits_for_a_callback_however_long_it_takes),
        cmocka_unit_test(exiting_inside_a_callback_ends_the_process),
        cmocka_unit_test(exiting_inside_a_call_ends_the_process),
        cmocka_unit_test(a_child_does_not_terminate_the_plugins_of_its_parent),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
