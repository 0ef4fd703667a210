#include "config/secret_keys.hpp"

#include <gtest/gtest.h>

namespace medpfl::secret_keys_test {
namespace {

Config config_of(const std::vector<std::string>& words) {
  Config config;
  config.read_arguments({"--defense.chain=clip,gaussian"});
  config.read_arguments(words);
  return config;
}

SecretKeys keys_of(const std::vector<std::string>& words) { return secret_keys(config_of(words)); }

TEST(SecretKeys, DifferWhereTheMessagesDo) {
  const SecretKeys base = keys_of({});
  for (const char* word :
       {"--federation.learning_rate=0.2", "--defense.gaussian.scale=3", "--defense.chain=clip",
        "--defense.chain=gaussian,clip", "--data.limit=8", "--data.phantom.train=9",
        "--model.init=uniform", "--model.name=mlp", "--federation.rounds=2",
        "--federation.algorithm=fedsgd", "--federation.batch_size=2", "--attack.probes=1",
        "--attack.probe_batch=2", "--attack.rounds=all", "--attack.clients=0"}) {
    EXPECT_NE(keys_of({word}).noise, base.noise) << word;
    EXPECT_NE(keys_of({word}).masks, base.masks) << word;
  }
}

// Where all that hospitals send is the same, so is the noise: nothing is told by a difference. What
// files hold is keyed by over_inputs.
TEST(SecretKeys, AreEqualWhereNoMessageChanges) {
  const SecretKeys base = keys_of({});
  for (const char* word : {"--run.output=elsewhere",
                           "--run.name=x",
                           "--run.threads=2",
                           "--run.device=auto",
                           "--attack.method=idlg",
                           "--attack.iterations=3",
                           "--attack.idlg.iterations=3",
                           "--attack.ranks=root",
                           "--attack.sees=sum",
                           "--attack.targets=updates",
                           "--output.gradients=none",
                           "--checkpoint.every=1",
                           "--federation.state_memory=1",
                           "--federation.evaluate_every=0",
                           "--federation.dedicated_server=true",
                           "--defense.delta=1e-6",
                           "--defense.laplace.scale=9",
                           "--model.convnet.width=9",
                           "--federation.learning_rate=1e-1",
                           "--data.path=elsewhere",
                           "--data.public_path=elsewhere",
                           "--model.weights=first.pt"}) {
    EXPECT_EQ(keys_of({word}).noise, base.noise) << word;
    EXPECT_EQ(keys_of({word}).masks, base.masks) << word;
  }
}

// A secure sum is that of the plain messages, and its masks are no other protocol's.
TEST(SecretKeys, OfSecureAggregationAreTheMasksAlone) {
  const SecretKeys base = keys_of({});
  for (const char* word :
       {"--federation.secure_aggregation=true", "--federation.secure_threshold=0.7"}) {
    EXPECT_EQ(keys_of({word}).noise, base.noise) << word;
    EXPECT_NE(keys_of({word}).masks, base.masks) << word;
  }
}

TEST(SecretKeys, AreThoseOfTheConfigurationThatIsPrinted) {
  const Config config = config_of({"--defense.gaussian.scale=0.10", "--federation.clients=07"});
  Config again;
  again.read_text(config.to_ini(true), "again.ini");
  EXPECT_EQ(secret_keys(again).noise, secret_keys(config).noise);
  EXPECT_EQ(secret_keys(again).masks, secret_keys(config).masks);
  EXPECT_EQ(keys_of({"--defense.gaussian.scale=0.1", "--federation.clients=7"}).noise,
            secret_keys(config).noise);
}

}  // namespace
}  // namespace medpfl::secret_keys_test
