"""The client file: clients, managers, contacts, feedback, leads, applications, privileges, assets told."""

from typing import Any

from pipelines.demo_bank.crm_applications import Applications
from pipelines.demo_bank.crm_contacts import Contacts
from pipelines.demo_bank.crm_feedback import Feedback
from pipelines.demo_bank.crm_leads import Leads
from pipelines.demo_bank.crm_managers import Managers
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.writing import Frame


class Crm:
    """All tables of the source `crm`; each part draws from streams of its own."""

    def __init__(self, scene: Scene, records: dict[str, Records]) -> None:
        self.scene, self.clients = scene, records["crm"]
        self.managers = Managers(scene, self.clients)
        self.contacts = Contacts(scene, self.clients, self.managers)
        self.feedback, self.leads = Feedback(scene, self.clients), Leads(scene, self.clients)
        self.applications = Applications(scene, records)
        self._found: dict[str, Any] = {}

    def start(self) -> None:
        """Managers, their clients and this year's targets; the rest begins with the first day."""
        self.managers.start()
        self._found = {"targets": self.managers.targets(0)}
        self.leads.begin_campaigns(0)

    def step(self, day: int) -> None:
        """Let the managers have a day."""
        life, when = self.scene.life, self.scene.calendar.date_of(day)
        self.clients.register.forget_plans(life.exits_on(day), day)
        self.clients.leak(life.flagged_on(day))
        self.managers.step(day)
        if when.day == 1:
            self.leads.begin_campaigns(day)
        found = self.contacts.step(day)
        found["feedback"] = self.feedback.step(day)
        found.update(self.leads.step(day, self.contacts.interested))
        found["applications"] = self.applications.step(day)
        if (when.month, when.day) == (1, 1):
            found["targets"] = self.managers.targets(day)
        self._found = found

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's rows by `crm.table`."""
        found, self._found = self._found, {}
        found["clients"] = self.clients.frame(day)
        found["managers"] = self.managers.snapshot()
        found["assignments"] = self.managers.assignments()
        found["campaigns"] = self.leads.take_campaigns()
        return {f"crm.{name}": frame for name, frame in found.items() if frame is not None}
