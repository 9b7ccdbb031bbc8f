// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/help.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::cli;

namespace {

void the_general_usage_is_a_line_for_each_subcommand(void**) {
    std::string expected;
    for (const char* verb : {"list", "show", "modify", "enable", "disable", "failover", "override"})
        expected += "Usage:\tmpathadm " + std::string(verb) + " [-?] <OBJECT> [-?] [<OPERAND>]\n";
    expected += "Usage:\tmpathadm status [-?] [OPTIONS] [<logical-unit name ...>]\n"
                "Usage:\tmpathadm watch [-?] [OPTIONS]\n";
    assert_text_equal(usage_text({}), expected);
}

void help_for_an_object_lists_its_options(void**) {
    assert_text_equal(help_text({Verb::Modify, "mpath-support"}),
                      "Usage:\tmpathadm modify [-?] mpath-support [-?] <OPTIONS> "
                      "<mpath-support name ...>\n"
                      "\tOPTIONS:\n"
                      "\t\t-a, --autofailback  <on/off>\n"
                      "\t\t-p, --autoprobe  <on/off>\n"
                      "\t\t-b, --loadbalance  <loadbalance type>\n");
    assert_text_equal(help_text({Verb::List, "LU"}),
                      "Usage:\tmpathadm list [-?] LU [-?] [OPTIONS] [<LU name ...>]\n"
                      "\tOPTIONS:\n"
                      "\t\t-n, --inqname  <name>\n"
                      "\t\t-t, --target-port  <target-port name>\n"
                      "\t\t--json\n"
                      "\t\t--strict\n");
    assert_text_equal(help_text({Verb::Failover, "LU"}),
                      "Usage:\tmpathadm failover [-?] LU [-?] <LU name>\n");
}

void help_for_a_subcommand_lists_its_objects(void**) {
    assert_text_equal(help_text({Verb::Override, ""}),
                      "Usage:\tmpathadm override [-?] <OBJECT> [-?] [<OPERAND>]\n"
                      "Usage by OBJECT:\n"
                      "\tmpathadm override [-?] path [-?] <OPTIONS>\n");
}

void the_help_names_every_form(void**) {
    const std::string text = help_text({});
    for (const Form& form : forms()) {
        const std::string verb = "\tmpathadm " + std::string(name_of(form.verb)) + " [-?]";
        assert_true(text.find(verb) != std::string::npos);
        for (const NounName& noun : nouns())
            if (noun.noun == form.noun)
                assert_true(text.find(verb + " " + std::string(noun.name) + " [-?]") !=
                            std::string::npos);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_general_usage_is_a_line_for_each_subcommand),
        cmocka_unit_test(help_for_an_object_lists_its_options),
        cmocka_unit_test(help_for_a_subcommand_lists_its_objects),
        cmocka_unit_test(the_help_names_every_form),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
