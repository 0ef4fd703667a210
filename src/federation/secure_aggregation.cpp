#include "federation/secure_aggregation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/random.hpp"

namespace medpfl {
namespace {

// The keys that a hospital's root stands for.
constexpr uint64_t kMaskKey = 1, kChannelKey = 2, kSelfSeed = 3, kMaskShares = 4, kSelfShares = 5;

struct SharePair {
  SecretShare mask, self;
};

constexpr auto kKeyBytes = static_cast<int64_t>(sizeof(Key));
constexpr auto kShareBytes = static_cast<int64_t>(sizeof(SecretShare));
constexpr int64_t kSealedBytes = 2 * kShareBytes + kSealBytes;

std::string to_text(const SharePair& pair) {
  std::string out(sizeof pair, '\0');
  std::memcpy(out.data(), &pair, sizeof pair);
  return out;
}

SharePair to_pair(const std::string& text) {
  SharePair pair;
  if (text.size() != sizeof pair)
    throw Error(ExitCode::kInternal, "a pair of shares has an unexpected length");
  std::memcpy(&pair, text.data(), sizeof pair);
  return pair;
}

}  // namespace

int64_t secure_threshold(double share, int64_t participants) {
  // The tolerance keeps 0.7 * 10 from becoming 6.
  const auto more = static_cast<int64_t>(share * static_cast<double>(participants) + 1e-9) + 1;
  return std::max<int64_t>(2, std::min(more, participants));
}

// A real hospital draws this from its system's generator.
Key SecureAggregation::root_of(const RoundPlan& plan, size_t index) const {
  RandomStream random({seed_, Purpose::kMaskSecrets, static_cast<uint64_t>(plan.round),
                       static_cast<uint64_t>(plan.clients[index]), 0});
  Key root{};
  for (uint8_t& byte : root) byte = static_cast<uint8_t>(random.below(256));
  return root;
}

std::string SecureAggregation::pass_on(std::string mine) const {
  std::string all;
  for (const std::string& text : comm_.gather(mine)) all += text;
  return comm_.broadcast(std::move(all));
}

void SecureAggregation::begin_round(const RoundPlan& plan) {
  parties_.clear();
  for (size_t i = 0; i < plan.clients.size(); ++i)
    if (data_.placement[static_cast<size_t>(plan.clients[i])] == comm_.rank())
      parties_.emplace_back(i, Party());
  advertise(plan);
  share_seeds(plan);
}

void SecureAggregation::advertise(const RoundPlan& plan) {
  ByteWriter out;
  for (auto& [index, party] : parties_) {
    const Key root = root_of(plan, index);
    party.masks = key_pair(derive_key(root, kMaskKey));
    party.channels = key_pair(derive_key(root, kChannelKey));
    party.self = derive_key(root, kSelfSeed);
    out.value(index);
    out.value(party.masks.open);
    out.value(party.channels.open);
  }
  open_mask_keys_.assign(plan.clients.size(), Key());
  open_channel_keys_ = open_mask_keys_;
  const std::string all = pass_on(out.take());
  for (ByteReader in(all); !in.done();) {
    const auto index = in.value<size_t>();
    open_mask_keys_.at(index) = in.value<Key>();
    open_channel_keys_.at(index) = in.value<Key>();
  }
}

void SecureAggregation::share_seeds(const RoundPlan& plan) {
  const auto n = plan.clients.size();
  const int64_t needed = threshold(plan);
  std::vector<std::vector<Key>> channels;  // of each party, to all
  ByteWriter out;
  for (auto& [index, party] : parties_) {
    const Key root = root_of(plan, index);
    const auto masks = split_secret(party.masks.secret, needed, plan.participants(),
                                    derive_key(root, kMaskShares));
    const auto selves =
        split_secret(party.self, needed, plan.participants(), derive_key(root, kSelfShares));
    party.mask_shares.resize(n);
    party.self_shares.resize(n);
    party.mask_shares[index] = masks[index];
    party.self_shares[index] = selves[index];
    channels.emplace_back(n);
    for (size_t to = 0; to < n; ++to) {
      if (to == index) continue;
      channels.back()[to] = shared_key(party.channels, open_channel_keys_[to]);
      out.value(index);
      out.value(to);
      // Both directions have one key: the sender's number tells them apart.
      out.text(seal(channels.back()[to], index, to_text({masks[to], selves[to]})));
    }
  }
  const std::string all = pass_on(out.take());
  for (ByteReader in(all); !in.done();) {
    const auto from = in.value<size_t>(), to = in.value<size_t>();
    const std::string sealed = in.text();
    const auto party =
        std::lower_bound(parties_.begin(), parties_.end(), to,
                         [](const auto& p, size_t place) { return p.first < place; });
    if (party == parties_.end() || party->first != to) continue;
    const auto place = static_cast<size_t>(party - parties_.begin());
    const SharePair pair = to_pair(unseal(channels[place].at(from), from, sealed));
    party->second.mask_shares.at(from) = pair.mask;
    party->second.self_shares.at(from) = pair.self;
  }
}

// Of a pair the one that comes first adds the mask, the other subtracts it.
void SecureAggregation::mask(size_t index, uint64_t* integers, int64_t n) const {
  const auto found = std::find_if(parties_.begin(), parties_.end(),
                                  [&](const auto& p) { return p.first == index; });
  if (found == parties_.end())
    throw Error(ExitCode::kInternal, "a hospital was masked on a rank that does not host it");
  const Party& party = found->second;
  add_mask(party.self, false, integers, n);
  for (size_t other = 0; other < open_mask_keys_.size(); ++other)
    if (other != index)
      add_mask(shared_key(party.masks, open_mask_keys_[other]), other < index, integers, n);
}

void SecureAggregation::unmask(const RoundPlan& plan, uint64_t* sum, int64_t n) const {
  const auto participants = plan.clients.size();
  // The first survivors answer; the others' shares would tell the same.
  std::vector<uint64_t> points;
  for (size_t i = 0; i < participants && points.size() < static_cast<size_t>(threshold(plan)); ++i)
    if (plan.arrives[i]) points.push_back(i + 1);
  ByteWriter out;
  for (const auto& [index, party] : parties_) {
    if (!std::binary_search(points.begin(), points.end(), index + 1)) continue;
    out.value(index);
    for (size_t of = 0; of < participants; ++of)
      out.value(plan.arrives[of] ? party.self_shares[of] : party.mask_shares[of]);
  }
  const std::vector<std::string> answers = comm_.gather(out.take());
  if (!comm_.is_root()) return;

  std::vector<std::vector<SecretShare>> shares(participants,
                                               std::vector<SecretShare>(points.size()));
  for (const std::string& answer : answers)
    for (ByteReader in(answer); !in.done();) {
      const auto point = in.value<size_t>() + 1;
      const auto at = std::lower_bound(points.begin(), points.end(), point) - points.begin();
      for (auto& of : shares) of.at(static_cast<size_t>(at)) = in.value<SecretShare>();
    }
  const std::vector<uint64_t> weights = weights_at_zero(points);
  for (size_t i = 0; i < participants; ++i) {
    const Key secret = join_secret(weights, shares[i]);
    if (plan.arrives[i]) {
      add_mask(secret, true, sum, n);
      continue;
    }
    const KeyPair masks = key_pair(secret);
    if (masks.open != open_mask_keys_[i])
      throw Error(ExitCode::kInternal, "shares of a mask key gave another key");
    // Survivor j added this pair's mask where i comes after it, and subtracted it else.
    for (size_t j = 0; j < participants; ++j)
      if (plan.arrives[j]) add_mask(shared_key(masks, open_mask_keys_[j]), j < i, sum, n);
  }
}

int64_t SecureAggregation::shares_bytes(int64_t participants) {
  return participants * (participants - 1) * kSealedBytes;
}

int64_t SecureAggregation::bytes(const RoundPlan& plan, int64_t n) {
  const int64_t all = plan.participants(), arrived = plan.arrived();
  // Each sends its keys and is sent all others'; likewise shares, one for each other hospital.
  const int64_t keys = all * all * 2 * kKeyBytes;
  const int64_t shares = 2 * shares_bytes(all);
  const int64_t masked = arrived * n * static_cast<int64_t>(sizeof(uint64_t));
  // Survivors are told, by a bit each, who they are, and send a share of every hospital's secret.
  const int64_t unmasking = arrived * ((all + 7) / 8 + all * kShareBytes);
  return keys + shares + masked + unmasking;
}

}  // namespace medpfl
