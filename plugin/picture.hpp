// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon hands out, mapped: the page that says which snapshot is the newest, and a
// snapshot. Both are of one daemon; readers on any thread hold them as long as they read.
#pragma once

#include "common/flat/generation_page.hpp"
#include "common/flat/reader.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <memory>

namespace mpapi::plugin {

// The bytes of a descriptor, for reading.
class Mapping {
  public:
    // The descriptor need not stay open. One that does not have these seals is refused: what
    // another process can cut off or rewrite cannot be read safely.
    static Result<Mapping> map(int fd, int seals, int flags);
    Mapping(Mapping&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})) {}
    Mapping& operator=(Mapping&&) = delete;
    ~Mapping();

    std::span<const std::byte> bytes() const { return bytes_; }

  private:
    explicit Mapping(std::span<const std::byte> bytes)
      : bytes_(bytes) {}

    std::span<const std::byte> bytes_;
};

class Page {
  public:
    static Result<std::shared_ptr<const Page>> map(int fd);

    bool has_writer() const { return flat::has_writer(page()); }
    std::uint64_t instance() const { return page().instance.load(std::memory_order_acquire); }
    std::uint64_t generation() const { return page().generation.load(std::memory_order_acquire); }

  private:
    explicit Page(Mapping mapping)
      : mapping_(std::move(mapping)) {}
    const flat::GenerationPage& page() const {
        return *reinterpret_cast<const flat::GenerationPage*>(mapping_.bytes().data());
    }

    Mapping mapping_;
};

class Picture {
  public:
    // Refuses a snapshot of another daemon than the page's.
    static Result<std::shared_ptr<const Picture>> map(int fd, std::shared_ptr<const Page> page,
                                                      std::uint64_t build);

    const flat::Reader& operator*() const { return reader_; }
    const flat::Reader* operator->() const { return &reader_; }
    std::uint64_t instance() const { return reader_.header().instance; }
    std::uint64_t generation() const { return reader_.header().generation; }
    bool daemon_lives() const { return page_->has_writer(); }
    // Whether the daemon lives and has published nothing newer.
    bool is_current() const { return daemon_lives() && page_->generation() <= generation(); }

  private:
    Picture(Mapping mapping, flat::Reader reader, std::shared_ptr<const Page> page)
      : mapping_(std::move(mapping))
      , reader_(reader)
      , page_(std::move(page)) {}

    Mapping mapping_;
    flat::Reader reader_;
    std::shared_ptr<const Page> page_;
};

using PicturePtr = std::shared_ptr<const Picture>;

} // namespace mpapi::plugin
