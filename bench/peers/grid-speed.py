"""Microseconds per power flow of power-grid-model: grid-speed.py FOLDER COUNT. Prints a JSON list; bench/grid/grid.ts calls it."""
import json, os, sys, time
import numpy as np
import power_grid_model as pgm
from networks_input import grid_model_input

ROUNDS = 5

results = []
for n in range(int(sys.argv[2])):
    case = json.load(open(os.path.join(sys.argv[1], f"{n}.json")))
    data, node_of_bus = grid_model_input(case["network"])
    shares = np.array(case["shares"])
    load = pgm.initialize_array("update", "sym_load", (len(shares), len(data["sym_load"])))
    load["id"] = data["sym_load"]["id"]
    load["p_specified"] = shares[:, None] * data["sym_load"]["p_specified"]
    load["q_specified"] = shares[:, None] * data["sym_load"]["q_specified"]
    model = pgm.PowerGridModel(data, system_frequency=case["network"]["frequencyHz"])
    best, rounds = float("inf"), ROUNDS if len(node_of_bus) < 50_000 else 1
    for _ in range(rounds):
        started = time.perf_counter()
        out = model.calculate_power_flow(symmetric=True, error_tolerance=1e-8, calculation_method="newton_raphson", update_data={"sym_load": load}, threading=-1)
        best = min(best, (time.perf_counter() - started) / len(shares))
    middle = out["node"]["u_pu"][len(shares) // 2]
    results.append({"us": best * 1e6, "voltages": [float(middle[k]) for k in node_of_bus]})
print(json.dumps(results))
