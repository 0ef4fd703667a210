#include "federation/federation.hpp"

namespace medpfl {
namespace {

int64_t images_of(const Federation& f, int64_t client) {
  return f.algorithm.examples(f.data.shard_sizes[static_cast<size_t>(client)]);
}

}  // namespace

int64_t Federation::sent() const {
  const ParameterLayout& layout = model.layout();
  return model.norm_mode() == NormMode::kEval ? layout.trainable() : layout.size();
}

int64_t Federation::images_behind(const RoundPlan& plan) const {
  int64_t sum = 0;
  for (const int64_t client : plan.clients) sum += images_of(*this, client);
  return sum;
}

int64_t Federation::images_that_arrive(const RoundPlan& plan) const {
  int64_t sum = 0;
  for (size_t i = 0; i < plan.clients.size(); ++i)
    if (plan.arrives[i]) sum += images_of(*this, plan.clients[i]);
  return sum;
}

}  // namespace medpfl
