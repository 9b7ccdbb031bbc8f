// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/command.hpp"

#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "clusprep/rpc/auth/password.hpp"

#include <CLI/CLI.hpp>
#include <string.h>

#include <cstdlib>
#include <ostream>

namespace mpapi::rpc {

namespace {

int fail(std::ostream& err, const Error& error) {
    err << "clusprepd: " << error.message() << '\n';
    return EXIT_FAILURE;
}

// The service has a copy of the file.
void say_what_is_left_to_do(std::ostream& err) {
    err << "clusprepd: it counts after 'systemctl reload clusprepd'\n";
}

Result<std::string> asked_twice(const std::string& name) {
    auto password = ask_password("Password of " + name + ": ");
    if (!password) return password;
    auto again = ask_password("The same again: ");
    if (!again) return again;
    const bool same = *password == *again;
    ::explicit_bzero(again->data(), again->size());
    if (!same) return Error{"read", "password", "the two are not the same"};
    return password;
}

} // namespace

AccountCommand::AccountCommand(CLI::App& app) {
    account_ = app.add_subcommand("account", "Accounts of this node, for clients that use NTLM");
    account_->require_subcommand(1);
    account_->add_option("--file", file_, "The accounts file")->capture_default_str();
    add_ = account_->add_subcommand("add", "Add an account, or give it a new password");
    add_->add_option("NAME", name_, "Its name, in no domain")->required();
    add_->add_option("--password-fd", password_fd_,
                     "Read the password from this descriptor instead of asking for it")
        ->check(CLI::NonNegativeNumber);
    remove_ = account_->add_subcommand("remove", "Remove an account");
    remove_->add_option("NAME", name_, "Its name")->required();
    list_ = account_->add_subcommand("list", "Print the names, one a line");
}

bool AccountCommand::asked() const {
    return account_->parsed();
}

int AccountCommand::run(std::ostream& out, std::ostream& err) const {
    if (add_->parsed()) return add(err);
    if (remove_->parsed()) return remove(err);
    return list(out, err);
}

int AccountCommand::add(std::ostream& err) const {
    // Before anybody types a password for nothing.
    if (auto fine = AccountList::check_name(name_); !fine) return fail(err, fine.error());
    auto password = password_fd_ >= 0 ? read_password(password_fd_) : asked_twice(name_);
    if (!password) return fail(err, password.error());
    const auto added = add_account(file_, name_, *password);
    ::explicit_bzero(password->data(), password->size());
    if (!added) return fail(err, added.error());
    say_what_is_left_to_do(err);
    return EXIT_SUCCESS;
}

int AccountCommand::remove(std::ostream& err) const {
    if (auto removed = remove_account(file_, name_); !removed) return fail(err, removed.error());
    say_what_is_left_to_do(err);
    return EXIT_SUCCESS;
}

int AccountCommand::list(std::ostream& out, std::ostream& err) const {
    const auto names = list_accounts(file_);
    if (!names) return fail(err, names.error());
    for (const auto& name : *names)
        out << name << '\n';
    return EXIT_SUCCESS;
}

} // namespace mpapi::rpc
