#include "cli/workflows/ablation_tables.h"

namespace co2net {

const std::vector<AblationTable>& ablation_tables() {
  static const std::vector<AblationTable> tables = {
      {"losses",
       "loss terms",
       {{"mil", {"loss.cas=0", "loss.ml=0", "loss.norm=0", "loss.oppo=0"}, 0.381},
        {"mil+oppo", {"loss.cas=0", "loss.ml=0", "loss.norm=0"}, 0.400},
        {"mil+oppo+ml", {"loss.cas=0", "loss.norm=0"}, 0.414},
        {"mil+oppo+ml+cas", {"loss.norm=0"}, 0.428},
        {"mil+oppo+cas+norm", {"loss.ml=0"}, 0.426},
        {"mil+oppo+ml+norm", {"loss.cas=0"}, {}},
        {"mil+ml+cas+norm", {"loss.oppo=0"}, {}},
        {"all", {}, {}}}},
      {"distance",
       "distance of mutual learning",
       {{"mae", {"loss.distance=mae"}, {}},
        {"kl", {"loss.distance=kl"}, {}},
        {"js", {"loss.distance=js"}, {}},
        {"mse", {"loss.distance=mse"}, {}}}},
      {"modality",
       "main/auxiliary of the modules",
       {{"rgb/rgb twice",
         {"network.vattn.main=rgb", "network.vattn.aux=rgb", "network.fattn.main=rgb",
          "network.fattn.aux=rgb"},
         {}},
        {"flow/flow twice",
         {"network.vattn.main=flow", "network.vattn.aux=flow", "network.fattn.main=flow",
          "network.fattn.aux=flow"},
         {}},
        {"rgb/rgb + flow/flow",
         {"network.vattn.main=rgb", "network.vattn.aux=rgb", "network.fattn.main=flow",
          "network.fattn.aux=flow"},
         {}},
        {"rgb/flow twice",
         {"network.vattn.main=rgb", "network.vattn.aux=flow", "network.fattn.main=rgb",
          "network.fattn.aux=flow"},
         {}},
        {"flow/rgb twice",
         {"network.vattn.main=flow", "network.vattn.aux=rgb", "network.fattn.main=flow",
          "network.fattn.aux=rgb"},
         {}},
        {"rgb/flow + flow/rgb",
         {"network.vattn.main=rgb", "network.vattn.aux=flow", "network.fattn.main=flow",
          "network.fattn.aux=rgb"},
         {}}}},
      {"context",
       "global/local context from",
       {{"main/main", {"network.global=main", "network.local=main"}, {}},
        {"aux/aux", {"network.global=aux", "network.local=aux"}, {}},
        {"aux/main", {"network.global=aux", "network.local=main"}, {}},
        {"main/aux", {"network.global=main", "network.local=aux"}, {}}}},
      {"fusion",
       "fusion",
       {{"ssma", {"network.fusion=ssma"}, 0.380},
        {"concat", {"network.fusion=concat"}, 0.395},
        {"add", {"network.fusion=add"}, 0.399},
        {"se", {"network.fusion=se"}, 0.430},
        {"ccm", {"network.fusion=ccm"}, {}}}}};
  return tables;
}

const std::vector<AblationTable>& wtalc_ablation_tables() {
  static const std::vector<AblationTable> tables = {
      {"losses", "loss terms", {{"mil", {"loss.mil=1", "loss.cas=0"}, {}}, {"mil+cas", {}, {}}}}};
  return tables;
}

}  // namespace co2net
