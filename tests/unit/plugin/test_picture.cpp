// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/picture.hpp"

#include "daemon/publish/generation_page.hpp"
#include "daemon/publish/snapshot_file.hpp"
#include "tests/unit/cmocka.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cstring>
#include <string>

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

constexpr std::uint64_t kInstance = 77;
constexpr std::uint64_t kBuild = flat::build_hash(MPAPI_VERSION);

// What a daemon hands out.
struct Published {
    std::unique_ptr<publish::GenerationPage> page;
    publish::SnapshotFiles files;
    Fd file;

    Published() {
        auto made = publish::GenerationPage::create();
        assert_ok(made);
        page = std::move(*made);
        page->set(kInstance, 5);
        model::Snapshot snapshot;
        snapshot.instance = kInstance;
        snapshot.generation = 5;
        auto written = files.write(snapshot);
        assert_ok(written);
        file = std::move(*written);
    }
    std::shared_ptr<const Page> mapped() const {
        auto page_of_it = Page::map(page->fd());
        assert_ok(page_of_it);
        return *page_of_it;
    }
};

std::string refusal(const Result<PicturePtr>& picture) {
    assert_false(picture.has_value());
    return picture.error().message();
}

void a_snapshot_is_current_until_there_is_a_newer_one(void**) {
    Published daemon;
    const auto picture = Picture::map(daemon.file.get(), daemon.mapped(), kBuild);
    assert_ok(picture);
    assert_int_equal((*picture)->generation(), 5);
    assert_true((*picture)->is_current());
    daemon.page->set(kInstance, 6);
    assert_true((*picture)->daemon_lives());
    assert_false((*picture)->is_current());
    daemon.page.reset();
    assert_false((*picture)->daemon_lives());
}

void a_snapshot_of_another_version_is_refused(void**) {
    Published daemon;
    const auto other = flat::build_hash("0.0.0-of-another-day");
    assert_contains(refusal(Picture::map(daemon.file.get(), daemon.mapped(), other)), "version");
}

void a_snapshot_of_another_daemon_is_refused(void**) {
    Published daemon;
    daemon.page->set(kInstance + 1, 5);
    assert_contains(refusal(Picture::map(daemon.file.get(), daemon.mapped(), kBuild)), "restarted");
}

void a_page_of_another_version_is_refused(void**) {
    const Fd fd(::memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    assert_int_equal(::ftruncate(fd.get(), 4096), 0);
    assert_int_equal(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    const auto page = Page::map(fd.get());
    assert_false(page.has_value());
    assert_contains(page.error().message(), "version");
}

// Its owner could cut it off under a reader.
void what_is_not_sealed_is_refused(void**) {
    Published daemon;
    const Fd fd(::memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    assert_int_equal(::ftruncate(fd.get(), 4096), 0);
    assert_contains(refusal(Picture::map(fd.get(), daemon.mapped(), kBuild)), "not sealed");
    assert_false(Page::map(fd.get()).has_value());
    const Fd none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    assert_false(Page::map(none.get()).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_current_until_there_is_a_newer_one),
        cmocka_unit_test(a_snapshot_of_another_version_is_refused),
        cmocka_unit_test(a_snapshot_of_another_daemon_is_refused),
        cmocka_unit_test(a_page_of_another_version_is_refused),
        cmocka_unit_test(what_is_not_sealed_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
