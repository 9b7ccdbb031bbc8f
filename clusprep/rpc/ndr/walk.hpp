// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The order in which a declaration's parts stand on the wire, common to reader and writer.
//
// A construct is laid out in two passes over its declaration: what stands in line, then what its
// pointers point at, each of those laid out so in turn (C706 14.3.12.3). A method's parameters are
// a list of such constructs. A third pass compares counts with what they count, for a size may
// stand behind its array. The reader does it last, the writer first.
#pragma once

#include "clusprep/rpc/ndr/shape.hpp"
#include "common/result.hpp"

#include <limits>
#include <span>
#include <utility>

namespace mpapi::ndr::detail {

enum class Pass : std::uint8_t { Inline, Referents, Check };

template <typename T>
constexpr bool is_asked = std::is_same_v<std::remove_cvref_t<T>, Asked>;

template <typename Size>
std::uint64_t number(const Size& size) {
    if constexpr (is_asked<Size>)
        return size.count.value_or(0);
    else
        return static_cast<std::uint64_t>(size);
}

// Sets a variable for as long as it lives. Outside of Walk, for Clang 14 deduces no arguments of a
// template within a template.
template <typename T>
class Restored {
  public:
    Restored(T& variable, T value)
      : variable_(variable)
      , before_(std::exchange(variable, value)) {}
    ~Restored() { variable_ = before_; }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;

  private:
    T& variable_;
    T before_;
};

// `Derived` brings, each with no effect once failed():
//   scalar(T&), guid(Guid&), string(std::basic_string&), align(n)
//   bulk(std::span<T>)              scalars one behind another
//   referent(pointer&)              whether there is one
//   conformance(known), variance(known, max)    counts; the reader ignores `known`
//   resize(vector&, count)          the reader makes room, if the bytes can hold that many
//   front_conformance(value)        that of a structure, found inside it
//   maximum(key, size, max)         of a varying array: what size_is must be found to be
//   maximum_fits(key, size, length) the same, when all is read
template <typename Derived>
class Walk {
  public:
    explicit Walk(const char* action, unsigned depth)
      : action_(action)
      , depth_left_(depth) {}
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    template <typename T>
    void operator()(const char* name, T& member) {
        item(
            name, [&] { inline_(member); }, [&] { referents(member); }, [&] { check_(member); });
    }

    template <typename Vector, typename Size>
    void conformant(const char* name, Vector& array, Size&& size) {
        item(
            name,
            [&] {
                const auto max = conformance_here(count_of(array));
                if constexpr (is_asked<Size>) self().maximum(&array, size, max);
                elements(array, max);
            },
            [&] { each(array, [&](auto& element) { referents(element); }); },
            [&] {
                if (number(size) != array.size()) disagree("size_is", number(size), array.size());
                each(array, [&](auto& element) { check_(element); });
            });
    }

    template <typename Vector, typename Size, typename Length>
    void varying(const char* name, Vector& array, Size&& size, const Length& length) {
        item(
            name,
            [&] {
                const auto max = conformance_here(static_cast<std::uint32_t>(number(size)));
                vary(array, size, max);
            },
            [&] { each(array, [&](auto& element) { referents(element); }); },
            [&] { check_varying(array, size, length); });
    }

    template <typename Optional, typename Size>
    void unique_conformant(const char* name, Optional& array, Size&& size) {
        item(
            name, [&] { self().referent(array); },
            [&] {
                pointee(array, [&](auto& vector) {
                    in(Pass::Inline, [&] {
                        const auto max = self().conformance(count_of(vector));
                        if constexpr (is_asked<Size>) self().maximum(&vector, size, max);
                        elements(vector, max);
                    });
                    each(vector, [&](auto& element) { referents(element); });
                });
            },
            [&] {
                if (null_with(array, size)) return;
                if (!array) return;
                if (number(size) != array->size()) disagree("size_is", number(size), array->size());
                each(*array, [&](auto& element) { check_(element); });
            });
    }

    template <typename Optional, typename Size, typename Length>
    void unique_varying(const char* name, Optional& array, Size&& size, const Length& length) {
        item(
            name, [&] { self().referent(array); },
            [&] {
                pointee(array, [&](auto& vector) {
                    in(Pass::Inline, [&] {
                        const auto max =
                            self().conformance(static_cast<std::uint32_t>(number(size)));
                        vary(vector, size, max);
                    });
                    each(vector, [&](auto& element) { referents(element); });
                });
            },
            [&] {
                if (null_with(array, size)) return;
                if (array) check_varying(*array, size, length);
            });
    }

    template <typename Tag, typename... Arms>
    void choice(const char* name, const Tag& tag, Arms... arms) {
        item(
            name,
            [&] {
                Tag repeated = tag;
                self().scalar(repeated);
                if (repeated != tag)
                    fail("its tag is " + std::to_string(tag_number(repeated)) +
                         ", its discriminant " + std::to_string(tag_number(tag)));
                with_arm(
                    tag, [&](auto& member) { inline_(member); }, arms...);
            },
            [&] {
                with_arm(
                    tag, [&](auto& member) { referents(member); }, arms...);
            },
            [&] {
                with_arm(
                    tag, [&](auto& member) { check_(member); }, arms...);
            });
    }

    template <typename Tag, typename... Arms>
    void encapsulated(const char* name, Tag& tag, Arms... arms) {
        item(
            name,
            [&] {
                self().scalar(tag);
                with_arm(
                    tag, [&](auto& member) { inline_(member); }, arms...);
            },
            [&] {
                with_arm(
                    tag, [&](auto& member) { referents(member); }, arms...);
            },
            [&] {
                with_arm(
                    tag, [&](auto& member) { check_(member); }, arms...);
            });
    }

    template <typename T, typename Bound>
    void range(const char* name, T& member, Bound lowest, Bound highest) {
        item(
            name, [&] { inline_(member); }, [] {},
            [&] {
                if (std::cmp_less(plain(member), plain(lowest)) ||
                    std::cmp_greater(plain(member), plain(highest)))
                    fail(std::to_string(plain(member)) + " is not in the range " +
                         std::to_string(plain(lowest)) + " to " + std::to_string(plain(highest)));
            });
    }

    void check(bool condition, const char* name, const char* reason) {
        if (pass_ != Pass::Check || condition || failed()) return;
        const Name scope(*this, name);
        fail(reason);
    }

    bool failed() const { return error_.has_value(); }
    Error take_error() { return *std::move(error_); }

    // The whole of a method's parameters, or one structure that stands for itself.
    template <typename T>
    void parameters(T& list) {
        list_ = true;
        T::ndr(self(), list);
    }
    template <typename T>
    void construct(T& value) {
        list_ = false;
        in(Pass::Inline, [&] { inline_(value); });
        in(Pass::Referents, [&] { referents(value); });
    }
    template <typename T>
    void check_all(T& value, bool as_list) {
        list_ = as_list;
        in(Pass::Check, [&] {
            if (as_list)
                T::ndr(self(), value);
            else
                check_(value);
        });
    }

    void fail(std::string reason) {
        if (failed()) return;
        std::string path;
        for (std::size_t i = 0; i < std::min(steps_, path_.size()); ++i) {
            const auto [name, index] = path_[i];
            if (!name)
                path += "[" + std::to_string(index) + "]";
            else
                path += path.empty() ? name : std::string(".") + name;
        }
        error_ = Error{action_, std::move(path), std::move(reason)};
    }

  protected:
    ~Walk() = default;

    // Where we are, for the message of an error. What is deeper than path_ is left out of it.
    class Name {
      public:
        Name(Walk& walk, const char* text, std::size_t index = 0)
          : walk_(walk) {
            if (walk.steps_ < walk.path_.size()) walk.path_[walk.steps_] = {text, index};
            ++walk.steps_;
        }
        ~Name() { --walk_.steps_; }
        Name(const Name&) = delete;
        Name& operator=(const Name&) = delete;

      private:
        Walk& walk_;
    };

  private:
    Derived& self() { return static_cast<Derived&>(*this); }

    template <typename Work>
    void in(Pass pass, Work work) {
        const Restored restored(pass_, pass);
        work();
    }

    template <typename Inlined, typename Pointed, typename Checked>
    void item(const char* name, Inlined inlined, Pointed pointed, Checked checked) {
        if (failed()) return;
        const Name scope(*this, name);
        if (pass_ == Pass::Check) {
            checked();
        } else if (list_) {
            inlined();
            in(Pass::Referents, pointed);
        } else if (pass_ == Pass::Inline) {
            inlined();
        } else {
            pointed();
        }
    }

    template <typename T>
    static auto plain(T value) {
        if constexpr (std::is_enum_v<T>)
            return +static_cast<std::underlying_type_t<T>>(value);
        else
            return +value;
    }

    template <typename Vector>
    static std::uint32_t count_of(const Vector& array) {
        return static_cast<std::uint32_t>(array.size());
    }

    void disagree(const char* what, std::uint64_t declared, std::uint64_t found) {
        fail(std::string(what) + " is " + std::to_string(declared) + ", the array has " +
             std::to_string(found));
    }

    template <typename Optional, typename Size>
    bool null_with(const Optional& array, const Size& size) {
        if (array || number(size) == 0) return false;
        fail("a null pointer with size_is " + std::to_string(number(size)));
        return true;
    }

    template <typename Vector, typename Size, typename Length>
    void check_varying(Vector& array, Size& size, const Length& length) {
        if (number(length) != array.size()) disagree("length_is", number(length), array.size());
        self().maximum_fits(&array, number(size), array.size());
        each(array, [&](auto& element) { check_(element); });
    }

    std::uint32_t conformance_here(std::uint32_t known) {
        if (list_) return self().conformance(known);
        return std::exchange(hoisted_, std::nullopt).value_or(0);
    }

    template <typename Vector, typename Size>
    void vary(Vector& array, Size& size, std::uint32_t max) {
        self().maximum(&array, size, max);
        elements(array, self().variance(count_of(array), max));
    }

    template <typename Vector>
    void elements(Vector& array, std::uint32_t count) {
        using Element = std::remove_const_t<typename Vector::value_type>;
        self().resize(array, count);
        if (failed()) return;
        if constexpr (is_scalar<Element>)
            self().bulk(std::span(array.data(), array.size()));
        else
            each(array, [&](auto& element) { inline_(element); });
    }

    template <typename Vector, typename Work>
    void each(Vector& array, Work work) {
        if constexpr (!is_scalar<typename Vector::value_type>) {
            const Restored restored(list_, false);
            for (std::size_t i = 0; i < array.size() && !failed(); ++i) {
                const Name scope(*this, nullptr, i);
                work(array[i]);
            }
        }
    }

    template <typename Pointer, typename Work>
    void pointee(Pointer& pointer, Work work) {
        if (!pointer || failed()) return;
        if (depth_left_ == 0) return fail("pointers are nested too deep");
        --depth_left_;
        const Restored restored(list_, false);
        work(*pointer);
        ++depth_left_;
    }

    template <typename Tag, typename Work, typename... Arms>
    void with_arm(const Tag& tag, Work work, Arms&... arms) {
        const auto value = tag_number(tag);
        bool found = false;
        const auto one = [&](auto& arm) {
            if (found || arm.tag != value) return;
            found = true;
            if constexpr (requires { arm.member; }) {
                const Name scope(*this, arm.name);
                const Restored restored(list_, false);
                if (!failed()) work(*arm.member);
            }
        };
        (one(arms), ...);
        if (!found) fail("no arm has the tag " + std::to_string(value));
    }

    template <typename T>
    void inline_(T& member) {
        using Member = std::remove_const_t<T>;
        if (failed()) return;
        if constexpr (is_scalar<Member>) {
            self().scalar(member);
        } else if constexpr (is_guid<Member>) {
            self().guid(member);
        } else if constexpr (is_string<Member>) {
            self().string(member);
        } else if constexpr (is_pointer<Member>) {
            self().referent(member);
        } else if constexpr (is_array<Member>) {
            if constexpr (is_scalar<typename Member::value_type>)
                self().bulk(std::span(member.data(), member.size()));
            else
                each(member, [&](auto& element) { inline_(element); });
        } else {
            const Shape shape = shape_of<Member>();
            const Restored restored(list_, false);
            const bool in_front = shape.conformant && !hoisted_;
            if (in_front) hoisted_ = self().front_conformance(member);
            self().align(shape.alignment);
            Member::ndr(self(), member);
            if (in_front) hoisted_.reset();
        }
    }

    template <typename T>
    void referents(T& member) {
        using Member = std::remove_const_t<T>;
        if (failed()) return;
        if constexpr (is_pointer<Member>) {
            pointee(member, [&](auto& value) {
                in(Pass::Inline, [&] { inline_(value); });
                referents(value);
            });
        } else if constexpr (is_array<Member>) {
            if (shape_of<Member>().pointers)
                each(member, [&](auto& element) { referents(element); });
        } else if constexpr (is_declared<Member>) {
            if (!shape_of<Member>().pointers) return;
            const Restored restored(list_, false);
            in(Pass::Referents, [&] { Member::ndr(self(), member); });
        }
    }

    template <typename T>
    void check_(T& member) {
        using Member = std::remove_const_t<T>;
        if (failed()) return;
        if constexpr (is_pointer<Member>) {
            pointee(member, [&](auto& value) { check_(value); });
        } else if constexpr (is_array<Member>) {
            if (shape_of<Member>().checks) each(member, [&](auto& element) { check_(element); });
        } else if constexpr (is_declared<Member>) {
            if (!shape_of<Member>().checks) return;
            const Restored restored(list_, false);
            Member::ndr(self(), member);
        }
    }

    const char* action_;
    unsigned depth_left_;
    Pass pass_ = Pass::Inline;
    bool list_ = false;
    std::optional<std::uint32_t> hoisted_; // the conformance that its array has not yet taken
    struct Step {
        const char* name = nullptr; // of a member; an element has only its index
        std::size_t index = 0;
    };
    std::array<Step, 32> path_;
    std::size_t steps_ = 0;
    std::optional<Error> error_;
};

} // namespace mpapi::ndr::detail
