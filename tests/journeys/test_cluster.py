"""The same chat over two nodes, two api processes and three Cassandras: people do not notice who serves them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.cluster import Cluster
from tests.faults.cast import Cast, Person
from tests.faults.trial import Trial, until
from tests.journeys.checker import complaints
from tests.journeys.device import Device
from tests.journeys.history import History

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


@pytest.fixture
async def scene(cluster: Cluster, cast: Cast) -> "AsyncIterator[Scene]":
    scene = Scene(cluster, cast)
    yield scene
    for device in scene.devices.values():
        await device.abandon()
        await device.phone.close()


class Scene:
    """Anna with three devices, Ben and Cleo; each device is on the node it is told to be on."""

    def __init__(self, cluster: Cluster, cast: Cast) -> None:
        self.cluster = cluster
        self.cast = cast
        self.anna, self.ben, self.cleo = cast.people[:3]
        self.histories: dict[str, History] = {}
        self.devices: dict[str, Device] = {}

    async def enter(self, name: str, person: Person, *, node: str, device: int = 0) -> Device:
        avoid = next(self.cluster.socket_url(other) for other in self.cluster.nodes if other != node)
        phone = self.cast.phone(person, device, avoid=avoid)
        self.devices[name] = Device(phone, person.user, self.histories, name=name)
        self.devices[name].start()
        await until(lambda: self.devices[name].is_up_to_date, 30, f"{name} to be connected")
        assert self.devices[name].node == self.cluster.socket_url(node)
        return self.devices[name]

    async def check(self) -> None:
        """Everybody comes to hold the same, and the checker has nothing to say."""
        await until(
            lambda: not any(complaints(history) for history in self.histories.values()), 30, "everybody to hold everything"
        )
        for device in self.devices.values():
            await device.stop()
            await Device(device.phone, device.user, device.histories, name=f"{device.name} anew").catch_up()
        assert [complaint for history in self.histories.values() for complaint in complaints(history)] == []


async def test_people_on_different_nodes_chat_and_one_of_them_has_three_devices(scene: Scene, cast: Cast) -> None:
    trial = Trial(cast)  # opens conversations that are new
    group = await trial.open_group([scene.anna, scene.ben, scene.cleo])
    direct = await trial.open_direct(scene.anna, scene.cleo)
    scene.histories = {group: trial.histories[group]}
    ben = await scene.enter("ben", scene.ben, node="node-2")
    scene.histories = trial.histories  # Ben has no part in the other
    phone = await scene.enter("anna's phone", scene.anna, node="node-1")
    tablet = await scene.enter("anna's tablet", scene.anna, node="node-2", device=1)
    await scene.enter("anna's laptop", scene.anna, node="node-1")
    cleo = await scene.enter("cleo", scene.cleo, node="node-2")
    for number in range(10):
        for device in (ben, phone, tablet, cleo):
            device.send(group, f"{device.name}: {number}")
        phone.send(direct, f"for you alone: {number}")
        cleo.send(direct, f"and for you: {number}")
    await until(lambda: not any(device.unsent for device in scene.devices.values()), 60, "all acks")
    await scene.check()
    assert len(scene.histories[group].holdings["ben"].held) >= 40


async def test_what_is_sent_by_rest_at_any_api_reaches_sockets_on_any_node(scene: Scene, cast: Cast) -> None:
    trial = Trial(cast)
    group = await trial.open_group([scene.anna, scene.ben])
    history = trial.histories[group]
    scene.histories = trial.histories
    for number, node in enumerate(scene.cluster.nodes):
        await scene.enter(f"anna on {node}", scene.anna, node=node, device=number)
    sender = cast.phone(scene.ben)
    for number in range(10):
        body = {"client_id": str(uuid4()), "text": f"by REST {number}"}
        send = history.invoke(scene.ben.user, body["client_id"], body["text"])
        sent = await sender.api("POST", f"/conversations/{group}/messages", body)
        send.succeed(sent["seq"])
        sender.turn()
        again = await sender.api("POST", f"/conversations/{group}/messages", body)
        assert (again["seq"], again["duplicate"]) == (sent["seq"], True)
    await sender.close()
    await scene.check()


async def test_who_is_removed_on_one_node_gets_nothing_more_on_another(scene: Scene, cast: Cast) -> None:
    trial = Trial(cast)
    group = await trial.open_group([scene.anna, scene.ben, scene.cleo])
    scene.histories = trial.histories
    anna = await scene.enter("anna", scene.anna, node="node-1")
    ben = await scene.enter("ben", scene.ben, node="node-2")
    cleo = await scene.enter("cleo", scene.cleo, node="node-1")
    ben.send(group, "hello")
    await until(lambda: not ben.unsent, 20, "ben's ack")
    await anna.phone.api("DELETE", f"/conversations/{group}/members/{scene.ben.user}")
    refused = ben.send(group, "am I still in?")
    for device in (anna, cleo):
        device.send(group, "among ourselves")
    await until(lambda: not any(device.unsent for device in scene.devices.values()), 20, "all answers")
    assert refused.outcome == "fail"
    await scene.check()
    (span,) = scene.histories[group].spans_of(scene.ben.user)
    assert max(scene.histories[group].holdings["ben"].held) == span[1]
