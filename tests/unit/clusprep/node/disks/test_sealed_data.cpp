// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/sealed_data.hpp"
#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using mpapi::Fd;
using mpapi::node::read_sealed_data;

namespace {

constexpr std::string_view kContent = "0123456789";
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_WRITE;

Fd file(int seals, std::string_view content = kContent) {
    Fd fd(::memfd_create("data", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    assert_true(bool(fd));
    assert_int_equal(::write(fd.get(), content.data(), content.size()), content.size());
    assert_int_equal(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    return fd;
}

void assert_read(std::size_t skip, std::size_t most, std::string_view expected) {
    const Fd fd = file(kSeals);
    const auto data = read_sealed_data(fd.get(), skip, most);
    assert_true(bool(data));
    const std::string_view got(reinterpret_cast<const char*>(data->data()), data->size());
    assert_true(got == expected);
}

void what_is_asked_for_is_read(void**) {
    assert_read(0, 10, kContent);
    assert_read(3, 4, "3456");
}

void no_more_is_read_than_there_is(void**) {
    assert_read(0, SIZE_MAX, kContent);
    assert_read(8, 10, "89");
    assert_read(10, 10, "");
    assert_read(SIZE_MAX, SIZE_MAX, "");
    assert_read(0, 0, "");
}

void where_the_file_stands_does_not_matter(void**) {
    const Fd fd = file(kSeals);
    assert_int_equal(::lseek(fd.get(), 0, SEEK_END), kContent.size());
    const auto data = read_sealed_data(fd.get(), 0, 10);
    assert_true(data && data->size() == kContent.size());
}

void an_empty_file_has_nothing(void**) {
    const Fd fd = file(kSeals, "");
    const auto data = read_sealed_data(fd.get(), 0, 10);
    assert_true(data && data->empty());
}

void what_could_still_be_changed_is_refused(void**) {
    for (const int seals : {0, F_SEAL_SHRINK, F_SEAL_WRITE, F_SEAL_GROW | F_SEAL_SHRINK}) {
        const Fd fd = file(seals);
        const auto data = read_sealed_data(fd.get(), 0, 10);
        assert_false(bool(data));
        assert_string_equal(data.error().reason.c_str(), "it is not sealed");
    }
}

void what_is_no_memory_file_is_refused(void**) {
    int ends[2];
    assert_int_equal(::pipe2(ends, O_CLOEXEC), 0);
    const Fd pipe_end(ends[0]);
    const Fd other_end(ends[1]); // open: reading the pipe would wait
    const Fd zeros(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    assert_false(bool(read_sealed_data(pipe_end.get(), 0, 10)));
    assert_false(bool(read_sealed_data(zeros.get(), 0, 10)));
    assert_false(bool(read_sealed_data(-1, 0, 10)));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_read),
        cmocka_unit_test(no_more_is_read_than_there_is),
        cmocka_unit_test(where_the_file_stands_does_not_matter),
        cmocka_unit_test(an_empty_file_has_nothing),
        cmocka_unit_test(what_could_still_be_changed_is_refused),
        cmocka_unit_test(what_is_no_memory_file_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
