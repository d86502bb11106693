// An instance and its log: what tier/log.cpp, tier/log_reader.cpp and
// tier/purge.cpp do.
#pragma once

#include <utility>

#include "instance.h"
#include "surroundings.h"

namespace edge_test::model {

class LogClient
{
public:
    LogClient(Surroundings &surroundings, Instance &instance)
        : all_(surroundings), self_(instance)
    {
    }

    struct Heard
    {
        BeatReply reply;
        bool is_replicated = true;
    };

    // A request that may be lost, or its answer.
    template <typename Script>
    auto ask(Script script)
        -> Task<std::optional<decltype(script(std::declval<Node &>()))>>
    {
        co_await Pause{};
        if (self_.is_cut_off) {
            co_return std::nullopt;
        }
        auto reply = script(*self_.node);
        co_await Pause{};
        if (all_.random() % 64 == 0) {
            co_return std::nullopt;
        }
        co_return std::optional(std::move(reply));
    }

    std::string next_request() { return std::to_string(++all_.last_request); }

    Task<Nothing> read_log()
    {
        for (;;) {
            const Position before = self_.state.applied();
            auto heard = co_await beat();
            if (heard && self_.state.applied() != before) {
                heard = co_await beat();
            }
            if (heard) {
                co_await append_local_purges();
                co_await append_lost_purges();
                co_await forget_silent(heard->reply);
            }
            const BootTime next = all_.now + self_.settings.lease / 4;
            do {
                co_await Pause{};
            } while (all_.now < next && all_.random() % 4 != 0);
        }
    }

    Task<std::optional<Heard>> beat()
    {
        for (int round = 0; round < 10; round++) {
            const BootTime asked = all_.now;
            const Node *asked_node = self_.node;
            const Member member = self_.self();
            const auto script = [member](Node &node) {
                return node.beat(member, member.applied.generation);
            };
            auto reply = co_await ask(script);
            if (!reply) {
                co_return std::nullopt;
            }
            Heard heard{*std::move(reply)};
            self_.watch.observe(heard.reply, asked, all_.now);
            const Plan next = self_.plan_after(heard.reply, all_.now);
            if (next.step == Step::begin_epoch) {
                if (!may_begin_epoch()) {
                    co_return std::nullopt;
                }
                co_await begin_epoch(heard.reply);
                continue;
            }
            if (next.step == Step::doubt && !skip_gap(heard.reply)) {
                self_.doubt();
                continue;
            }
            if (next.restart) {
                self_.restart(*next.restart, all_.now);
            }
            for (const Record &record : heard.reply.records) {
                self_.apply(record, all_.now);
            }
            if (self_.settings.wait) {
                const auto replicas =
                    co_await ask([](Node &node) { return node.replicate(); });
                heard.is_replicated =
                    replicas.value_or(0) >= 1 && asked_node == self_.node;
            }
            if (catch_up(heard, asked)) {
                co_return heard;
            }
        }
        co_return std::nullopt;
    }

    Task<std::optional<Position>> write(invalidate::Purge purge)
    {
        using Status = WriteReply::Status;
        for (int attempt = 0; attempt < 3; attempt++) {
            const Position applied = self_.state.applied();
            const auto script = [=](Node &node) {
                return node.append(applied.nonce, purge, {});
            };
            const auto reply = co_await ask(script);
            if (!reply) {
                co_return std::nullopt;
            }
            if (reply->status == Status::ok) {
                co_return Position{applied.nonce, reply->id};
            }
            co_await beat();
        }
        co_return std::nullopt;
    }

    Task<bool> acknowledged(Position record, BootTime deadline,
                            BeatReply members_before)
    {
        for (;;) {
            auto heard = co_await beat();
            if (heard && is_confirmed(*heard, record, members_before)) {
                co_return true;
            }
            if ((heard && heard->reply.top.nonce != record.nonce) ||
                all_.now >= deadline) {
                co_return false;
            }
            co_await Pause{};
        }
    }

private:
    // Rule 5 left out: goes on with what there is.
    bool skip_gap(const BeatReply &reply)
    {
        const Position applied = self_.state.applied();
        if (!self_.breaks(Rule::gap) || reply.records.empty() ||
            reply.top.nonce != applied.nonce) {
            return false;
        }
        const Generation first = reply.records.front().position.generation;
        for (Generation next{applied.generation.packed + 1}; next < first;
             next.packed++) {
            self_.apply({{applied.nonce, next},
                         invalidate::Purge{"", PurgeMode::hard, {}, {}}},
                        all_.now);
        }
        return true;
    }

    bool catch_up(const Heard &heard, BootTime asked)
    {
        self_.note_members(heard.reply);
        self_.members = heard.reply.members;
        const bool has_lease =
            heard.is_replicated || self_.breaks(Rule::wait_lease);
        return self_.state.caught_up(heard.reply.top, asked,
                                     has_lease ? self_.settings.lease
                                               : Millis(0));
    }

    bool may_begin_epoch()
    {
        const auto now = static_cast<edge::limit::Micros>(
            all_.now.time_since_epoch().count() * 1000);
        const auto decision =
            edge::limit::decide({1e6, 4e6}, self_.epochs_tat, now, 1);
        if (decision.allowed) {
            self_.epochs_tat = decision.tat;
        }
        return decision.allowed;
    }

    Task<Nothing> begin_epoch(const BeatReply &reply)
    {
        const Generation top = reply.top.generation;
        const std::uint64_t own = self_.state.epoch().generation.epoch();
        const Nonce nonce = ++all_.last_nonce;
        const std::uint64_t version = self_.version;
        const std::vector<Member> known = self_.breaks(Rule::carry_over)
                                              ? std::vector<Member>()
                                              : self_.members;
        const auto script = [=](Node &node) {
            node.begin_epoch(top, own, nonce, version, known);
            return true;
        };
        co_await ask(script);
        co_return {};
    }

    Task<Nothing> append_local_purges()
    {
        const auto locals = self_.state.local_purges();
        if (locals.empty()) {
            co_return {};
        }
        invalidate::Purge purge{next_request(), PurgeMode::hard, {}};
        purge.together = locals.front().together;
        std::uint64_t counter = 0;
        for (const auto &local : locals) {
            if (local.together != purge.together) {
                break;
            }
            purge.rows.push_back(local.row);
            counter = local.local;
        }
        const auto position = co_await write(purge);
        if (position && self_.breaks(Rule::pending)) {
            self_.state.settle(counter, self_.state.applied());
            co_return {};
        }
        co_await beat();
        if (position) {
            self_.state.settle(counter, *position);
        }
        co_return {};
    }

    Task<Nothing> append_lost_purges()
    {
        const shm::LostPurges lost = self_.state.lost_purges();
        if (lost.empty()) {
            co_return {};
        }
        invalidate::Purge purge{next_request(), PurgeMode::hard, lost.hard};
        if (purge.rows.empty()) {
            purge.rows = lost.sets.front().rows;
            purge.together = purge.rows.size();
        }
        const Position applied = self_.state.applied();
        const auto script = [=](Node &node) {
            return node.append(applied.nonce, purge, applied.generation);
        };
        co_await ask(script);
        co_await beat();
        co_return {};
    }

    Task<Nothing> forget_silent(BeatReply reply)
    {
        for (const Member &member : reply.members) {
            const Millis silence = self_.watch.silence(member.id);
            const bool is_earlier_self = member.name == self_.name &&
                                         member.id != self_.id &&
                                         silence >= grace(member.lease);
            if (is_earlier_self || silence >= grace(self_.settings.isolation)) {
                const auto script = [member](Node &node) {
                    node.forget(member);
                    return true;
                };
                co_await ask(script);
            }
        }
        co_return {};
    }

    bool is_confirmed(const Heard &heard, const Position &record,
                      const BeatReply &members_before)
    {
        BeatReply reply = heard.reply;
        if (self_.breaks(Rule::members_first)) {
            keep_members(reply, members_before);
        }
        if (self_.breaks(Rule::ack_by_nonce)) {
            reply.top.nonce = record.nonce;
            for (Member &member : reply.members) {
                member.applied.nonce = record.nonce;
            }
        }
        const bool is_old_enough =
            self_.breaks(Rule::young_epoch) ||
            all_.now >= earliest_acknowledgement(
                            self_.state.standing().joined_at, reply.members);
        return acknowledge(reply, record, self_.id, self_.watch).complete() &&
               is_old_enough &&
               (heard.is_replicated || self_.breaks(Rule::wait_purge));
    }

    // Only those that were members before.
    static void keep_members(BeatReply &reply, const BeatReply &before)
    {
        std::erase_if(reply.members, [&](const Member &member) {
            return std::ranges::none_of(before.members, [&](const Member &old) {
                return old.id == member.id;
            });
        });
    }

    Surroundings &all_;
    Instance &self_;
};

} // namespace edge_test::model
