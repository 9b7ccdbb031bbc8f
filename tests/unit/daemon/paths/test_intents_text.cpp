// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/intents_text.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::paths;

namespace {

void what_is_written_is_read_back(void**) {
    Intents intents;
    intents.everywhere = {"round-robin 0", false, 30, true, 5};
    UnitIntent& unit = intents.units["3600\"1405\\ \xc3\xa9\t"];
    unit.settings.selector = "queue-length 0";
    const PathName path{"6001405", "iqn.2003-01.org:a,00023d000001", "iqn.x,t,0x0001", 7};
    // No device is bound to write UTF-8, and LUNs have four levels.
    const PathName other{"6001405", "host1\xff\xc3", "5000\xed\xa0\x80", UINT64_MAX};
    unit.override_path = path;
    unit.weights = {{path, 7}, {other, 255}};
    unit.groups = {{path}, {other, path}};
    intents.units["b"].settings.auto_failback = true;
    const auto read = parse_intents(intents_text(intents), "intents");
    assert_ok(read);
    assert_true(*read == intents);
    assert_true(*parse_intents(intents_text({}), "intents") == Intents());
}

void a_file_that_nobody_wrote_is_refused_with_its_line(void**) {
    for (const auto& [text, part] :
         {std::pair{"", "version"},
          {"version = 2\n", "intents:1"},
          {"version = 1\ncolour = 1\n", "intents:2"},
          {"version = 1\n[[unit]]\nselector = \"a\"\n", "key"},
          {"version = 1\n[[unit]]\nkey = \"a\"\n[unit.override_path]\nlun = \"0\"\n",
           "logical_unit"},
          {"version = 1\n[[unit]]\nkey = \"a\"\n[unit.override_path]\nlogical_unit = \"a\"\n"
           "initiator_port = \"b\"\ntarget_port = \"c\"\nlun = \"18446744073709551616\"\n",
           "lun"},
          {"version = 1\n[everywhere]\nfailback_rate = -1\n", "intents:3"}}) {
        const auto read = parse_intents(text, "intents");
        assert_false(read.has_value());
        assert_contains(read.error().message(), part);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_file_that_nobody_wrote_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
