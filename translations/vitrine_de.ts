<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>AboutSheet</name>
    <message>
        <source>About Vitrine</source>
        <translation>Über Vitrine</translation>
    </message>
    <message>
        <source>Version %1</source>
        <translation>Version %1</translation>
    </message>
    <message>
        <source>Virtual machines for the desktop: drop a disc image, get a guest. Free software under the GNU General Public License, version 3 or later.</source>
        <translation>Virtuelle Maschinen für den Schreibtisch: Abbild ablegen, Gast starten. Freie Software unter der GNU General Public License, Version 3 oder neuer.</translation>
    </message>
</context>
<context>
    <name>ActionButton</name>
    <message>
        <source>Not available now</source>
        <translation>Jetzt nicht verfügbar</translation>
    </message>
</context>
<context>
    <name>AmountRow</name>
    <message>
        <source>%1, typed</source>
        <translation>%1, als Eingabe</translation>
    </message>
</context>
<context>
    <name>AppPreferences</name>
    <message>
        <source>Folders with machines</source>
        <translation>Ordner mit Maschinen</translation>
    </message>
    <message>
        <source>Removing a folder from this list leaves its machines where they are.</source>
        <translation>Wird ein Ordner aus dieser Liste entfernt, bleiben seine Maschinen, wo sie sind.</translation>
    </message>
    <message>
        <source>New machines are kept here</source>
        <translation>Neue Maschinen kommen hierher</translation>
    </message>
    <message>
        <source>Remove %1 from the list</source>
        <translation>%1 aus der Liste entfernen</translation>
    </message>
    <message>
        <source>Another folder</source>
        <translation>Weiterer Ordner</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add a folder with machines</source>
        <translation>Ordner mit Maschinen hinzufügen</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>Heruntergeladenes</translation>
    </message>
    <message>
        <source>Delete what was downloaded</source>
        <translation>Heruntergeladenes löschen</translation>
    </message>
    <message>
        <source>Delete what was downloaded?</source>
        <translation>Heruntergeladenes löschen?</translation>
    </message>
    <message>
        <source>Machines keep working. What you need again is downloaded again.</source>
        <translation>Die Maschinen funktionieren weiter. Was wieder gebraucht wird, wird erneut heruntergeladen.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen …</translation>
    </message>
</context>
<context>
    <name>BarButton</name>
    <message>
        <source>Not available now</source>
        <translation>Jetzt nicht verfügbar</translation>
    </message>
</context>
<context>
    <name>BootPage</name>
    <message>
        <source>All of this takes effect at the next start.</source>
        <translation>All das gilt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Starts from</source>
        <translation>Startet von</translation>
    </message>
    <message>
        <source>CD first</source>
        <translation>Zuerst CD</translation>
    </message>
    <message>
        <source>Disk first</source>
        <translation>Zuerst Festplatte</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menü</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>A system that is installed starts only with the firmware it was installed with.</source>
        <translation>Ein installiertes System startet nur mit der Firmware, mit der es installiert wurde.</translation>
    </message>
    <message>
        <source>BIOS</source>
        <translation>BIOS</translation>
    </message>
    <message>
        <source>UEFI</source>
        <translation>UEFI</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Start a kernel instead</source>
        <translation>Stattdessen einen Kernel starten</translation>
    </message>
    <message>
        <source>For kernels you build yourself. The firmware then does not choose what to start.</source>
        <translation>Für selbst gebaute Kernel. Die Firmware wählt dann nicht aus, was gestartet wird.</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>Kernel</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keiner</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove the kernel</source>
        <translation>Kernel entfernen</translation>
    </message>
    <message>
        <source>Choose</source>
        <translation>Auswählen</translation>
    </message>
    <message>
        <source>Choose a kernel</source>
        <translation>Kernel auswählen</translation>
    </message>
    <message>
        <source>Initial ramdisk</source>
        <translation>Initiale Ramdisk</translation>
    </message>
    <message>
        <source>Remove the initial ramdisk</source>
        <translation>Initiale Ramdisk entfernen</translation>
    </message>
    <message>
        <source>Choose an initial ramdisk</source>
        <translation>Initiale Ramdisk auswählen</translation>
    </message>
    <message>
        <source>What the kernel is told</source>
        <translation>Parameter für den Kernel</translation>
    </message>
    <message>
        <source>Choose a firmware file</source>
        <translation>Firmware-Datei auswählen</translation>
    </message>
</context>
<context>
    <name>CardActions</name>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
</context>
<context>
    <name>CaseButton</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>CataloguePage</name>
    <message>
        <source>Search systems</source>
        <translation>Systeme suchen</translation>
    </message>
    <message>
        <source>Systems</source>
        <translation>Systeme</translation>
    </message>
    <message>
        <source>Reading the catalogue</source>
        <translation>Katalog wird gelesen</translation>
    </message>
    <message>
        <source>No system is called “%1”</source>
        <translation>Kein System heißt „%1“</translation>
    </message>
</context>
<context>
    <name>CheckRow</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>ClosingPage</name>
    <message>
        <source>When its window is closed</source>
        <translation>Wenn das Fenster geschlossen wird</translation>
    </message>
    <message>
        <source>Changes take effect now.</source>
        <translation>Änderungen gelten sofort.</translation>
    </message>
    <message>
        <source>Keep running</source>
        <translation>Weiterlaufen lassen</translation>
    </message>
    <message>
        <source>The machine goes on without a window.</source>
        <translation>Die Maschine läuft ohne Fenster weiter.</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Ruhezustand</translation>
    </message>
    <message>
        <source>It is saved and goes on where it was when you open it again.</source>
        <translation>Sie wird gesichert und macht beim nächsten Öffnen dort weiter, wo sie war.</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Herunterfahren</translation>
    </message>
    <message>
        <source>The guest is asked to shut down.</source>
        <translation>Der Gast wird gebeten herunterzufahren.</translation>
    </message>
    <message>
        <source>Throw it away</source>
        <translation>Wegwerfen</translation>
    </message>
    <message>
        <source>The machine is deleted when its window is closed.</source>
        <translation>Die Maschine wird gelöscht, wenn ihr Fenster geschlossen wird.</translation>
    </message>
    <message>
        <source>Throw it away when its window is closed</source>
        <translation>Wegwerfen, wenn das Fenster geschlossen wird</translation>
    </message>
</context>
<context>
    <name>CollectionActions</name>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>“%1” is in use. Shut it down before you delete it.</source>
        <translation>„%1“ ist in Benutzung. Vor dem Löschen herunterfahren.</translation>
    </message>
    <message>
        <source>Edit configuration</source>
        <translation>Konfiguration bearbeiten</translation>
    </message>
</context>
<context>
    <name>ConfigPage</name>
    <message>
        <source>Configuration of the machine</source>
        <translation>Konfiguration der Maschine</translation>
    </message>
    <message>
        <source>Somebody else changed it meanwhile. Saving replaces that; reverting shows it.</source>
        <translation>Sie wurde inzwischen anderswo geändert. Speichern ersetzt das, Verwerfen zeigt es.</translation>
    </message>
    <message>
        <source>Changed. The old text is kept beside it when you save.</source>
        <translation>Geändert. Beim Speichern bleibt der alte Text daneben erhalten.</translation>
    </message>
    <message>
        <source>Saved, and nothing is changed.</source>
        <translation>Gespeichert und unverändert.</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
</context>
<context>
    <name>ConfirmDialog</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>DevicesPage</name>
    <message>
        <source>All of this takes effect at the next start.</source>
        <translation>All das gilt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Serial port</source>
        <translation>Serielle Schnittstelle</translation>
    </message>
    <message>
        <source>As the configuration says.</source>
        <translation>Wie es in der Konfiguration steht.</translation>
    </message>
    <message>
        <source>Nothing is connected.</source>
        <translation>Nichts ist angeschlossen.</translation>
    </message>
    <message>
        <source>Nothing</source>
        <translation>Nichts</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>Terminal</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>Random numbers of this computer</source>
        <translation>Zufallszahlen dieses Computers</translation>
    </message>
    <message>
        <source>The guest need not wait for good random numbers.</source>
        <translation>Der Gast muss nicht auf gute Zufallszahlen warten.</translation>
    </message>
    <message>
        <source>Tell the guest that it is a copy</source>
        <translation>Dem Gast sagen, dass er eine Kopie ist</translation>
    </message>
    <message>
        <source>A cloned or resumed system then makes new keys and random numbers.</source>
        <translation>Ein kopiertes oder fortgesetztes System macht dann neue Schlüssel und Zufallszahlen.</translation>
    </message>
    <message>
        <source>A terminal device of this computer is the other end. The log says which.</source>
        <translation>Das andere Ende ist ein Terminalgerät dieses Computers. Das Protokoll sagt, welches.</translation>
    </message>
</context>
<context>
    <name>DiskRow</name>
    <message>
        <source>%1. %2.</source>
        <translation>%1. %2.</translation>
    </message>
    <message>
        <source>New size of %1</source>
        <translation>Neue Größe von %1</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Grow %1</source>
        <translation>%1 vergrößern</translation>
    </message>
    <message>
        <source>Detach %1</source>
        <translation>%1 abtrennen</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop to insert this disc</source>
        <translation>Loslassen, um dieses Medium einzulegen</translation>
    </message>
    <message>
        <source>Only one disc image, such as an .iso file, can be inserted</source>
        <translation>Es kann nur ein einzelnes Abbild eingelegt werden, etwa eine .iso-Datei</translation>
    </message>
</context>
<context>
    <name>DropVeil</name>
    <message>
        <source>Drop to make a machine of it</source>
        <translation>Loslassen, um daraus eine Maschine zu machen</translation>
    </message>
    <message>
        <source>Drop to add it to the library</source>
        <translation>Ablegen, um es in die Bibliothek aufzunehmen</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>Drop a disc image here</source>
        <translation>Ein Abbild hier ablegen</translation>
    </message>
    <message>
        <source>An installer, a disk of another program, an appliance or a web address: Vitrine looks at it and proposes a machine. Press Enter to start it.</source>
        <translation>Ein Installationsmedium, die Festplatte eines anderen Programms, eine Appliance oder eine Webadresse: Vitrine sieht nach und schlägt eine Maschine vor. Die Eingabetaste startet sie.</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>Datei auswählen …</translation>
    </message>
    <message>
        <source>Download a system…</source>
        <translation>System herunterladen …</translation>
    </message>
</context>
<context>
    <name>EndingVeil</name>
    <message>
        <source>Suspending…</source>
        <translation>Ruhezustand wird hergestellt …</translation>
    </message>
    <message>
        <source>The guest does not react</source>
        <translation>Der Gast reagiert nicht</translation>
    </message>
    <message>
        <source>Shutting down…</source>
        <translation>Wird heruntergefahren …</translation>
    </message>
    <message>
        <source>How much of the machine is saved</source>
        <translation>Wie viel von der Maschine gesichert ist</translation>
    </message>
    <message>
        <source>The machine goes on from here when you open it again.</source>
        <translation>Beim nächsten Öffnen macht die Maschine hier weiter.</translation>
    </message>
    <message>
        <source>It was asked to shut down a minute ago. It may still be busy, or wait for an answer on its screen.</source>
        <translation>Er wurde vor einer Minute gebeten herunterzufahren. Vielleicht ist er noch beschäftigt oder wartet auf seinem Bildschirm auf eine Antwort.</translation>
    </message>
    <message>
        <source>The guest was asked to shut down. The window closes when it is off.</source>
        <translation>Der Gast wurde gebeten herunterzufahren. Das Fenster schließt sich, wenn er aus ist.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Back to the guest</source>
        <translation>Zurück zum Gast</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Ausschalten erzwingen …</translation>
    </message>
</context>
<context>
    <name>ExpressFields</name>
    <message>
        <source>Full name</source>
        <translation>Vollständiger Name</translation>
    </message>
    <message>
        <source>User name</source>
        <translation>Benutzername</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Passwort</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>Tastatur</translation>
    </message>
    <message>
        <source>Time zone</source>
        <translation>Zeitzone</translation>
    </message>
    <message>
        <source>Product key</source>
        <translation>Produktschlüssel</translation>
    </message>
</context>
<context>
    <name>FailurePage</name>
    <message>
        <source>The machine could not be started</source>
        <translation>Die Maschine konnte nicht gestartet werden</translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation>Details verbergen</translation>
    </message>
    <message>
        <source>Show details</source>
        <translation>Details anzeigen</translation>
    </message>
    <message>
        <source>Start afresh</source>
        <translation>Von vorn starten</translation>
    </message>
    <message>
        <source>What was suspended is given up</source>
        <translation>Der gesicherte Ruhezustand wird aufgegeben</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
</context>
<context>
    <name>GraphTile</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>Wird gemessen</translation>
    </message>
</context>
<context>
    <name>GroupBar</name>
    <message>
        <source>Groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
</context>
<context>
    <name>GroupsSheet</name>
    <message>
        <source>Groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>New group</source>
        <translation>Neue Gruppe</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
</context>
<context>
    <name>GuestBar</name>
    <message>
        <source>Machine</source>
        <translation>Maschine</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Ein/Aus</translation>
    </message>
    <message>
        <source>Send keys</source>
        <translation>Tasten senden</translation>
    </message>
    <message>
        <source>Disc: %1</source>
        <translation>Medium: %1</translation>
    </message>
    <message>
        <source>Disc</source>
        <translation>Medium</translation>
    </message>
    <message>
        <source>Take a screenshot</source>
        <translation>Bildschirmfoto aufnehmen</translation>
    </message>
    <message>
        <source>Press Ctrl+Alt to release the pointer</source>
        <translation>Strg+Alt gibt den Zeiger frei</translation>
    </message>
    <message>
        <source>Leave full screen</source>
        <translation>Vollbild verlassen</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Enter</source>
        <translation>Strg+Alt+Eingabe</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Herunterfahren</translation>
    </message>
    <message>
        <source>Suspend and close</source>
        <translation>Ruhezustand und schließen</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Ausschalten erzwingen …</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Del</source>
        <translation>Strg+Alt+Entf</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Backspace</source>
        <translation>Strg+Alt+Rücktaste</translation>
    </message>
    <message>
        <source>Print Screen</source>
        <translation>Druck</translation>
    </message>
    <message>
        <source>Type the clipboard&apos;s text (Ctrl+Alt+V)</source>
        <translation>Text der Zwischenablage tippen (Strg+Alt+V)</translation>
    </message>
    <message>
        <source>Ctrl+Alt+F1 to F12</source>
        <translation>Strg+Alt+F1 bis F12</translation>
    </message>
    <message>
        <source>Ctrl+Alt+F%1</source>
        <translation>Strg+Alt+F%1</translation>
    </message>
    <message>
        <source>No disc inserted</source>
        <translation>Kein Medium eingelegt</translation>
    </message>
    <message>
        <source>Change disc…</source>
        <translation>Medium wechseln …</translation>
    </message>
    <message>
        <source>Insert disc…</source>
        <translation>Medium einlegen …</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>Auswerfen</translation>
    </message>
</context>
<context>
    <name>GuestPortsPanel</name>
    <message>
        <source>The guest listens on</source>
        <translation>Der Gast lauscht auf</translation>
    </message>
    <message>
        <source>Usual TCP ports only, asked of the machine itself while this page is open.</source>
        <translation>Nur übliche TCP-Ports; die Maschine selbst wird gefragt, solange diese Seite offen ist.</translation>
    </message>
    <message>
        <source>On this computer: %1</source>
        <translation>Auf diesem Rechner: %1</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>Weiterleiten</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>Adresse kopieren</translation>
    </message>
    <message>
        <source>Forward port %1 of the machine</source>
        <translation>Port %1 der Maschine weiterleiten</translation>
    </message>
    <message>
        <source>Copy the address %1</source>
        <translation>Die Adresse %1 kopieren</translation>
    </message>
</context>
<context>
    <name>GuestWindow</name>
    <message>
        <source>Vitrine</source>
        <translation>Vitrine</translation>
    </message>
    <message>
        <source>Screen of the machine</source>
        <translation>Bildschirm der Maschine</translation>
    </message>
    <message>
        <source>Screen of %1</source>
        <translation>Bildschirm von %1</translation>
    </message>
    <message>
        <source>All keys go to the machine; press Ctrl+Alt to get them back</source>
        <translation>Alle Tasten gehen an die Maschine; Strg+Alt holt sie zurück</translation>
    </message>
    <message>
        <source>The machine is off</source>
        <translation>Die Maschine ist aus</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Press Ctrl+Alt to release the pointer</source>
        <translation>Strg+Alt gibt den Zeiger frei</translation>
    </message>
    <message>
        <source>Restart the machine?</source>
        <translation>Die Maschine neu starten?</translation>
    </message>
    <message>
        <source>It restarts at once, as if its reset button were pressed. What is not saved inside it is lost.</source>
        <translation>Sie startet sofort neu, als würde ihr Reset-Knopf gedrückt. Was in ihr nicht gespeichert ist, geht verloren.</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
    <message>
        <source>Turn the machine off by force?</source>
        <translation>Ausschalten der Maschine erzwingen?</translation>
    </message>
    <message>
        <source>Its power is cut at once. What is not saved inside it is lost.</source>
        <translation>Ihr wird sofort der Strom abgestellt. Was in ihr nicht gespeichert ist, geht verloren.</translation>
    </message>
    <message>
        <source>Force off</source>
        <translation>Ausschalten erzwingen</translation>
    </message>
    <message>
        <source>Close the window and turn the machine off?</source>
        <translation>Das Fenster schließen und die Maschine ausschalten?</translation>
    </message>
    <message>
        <source>The machine lives in this window. What is not saved inside it is lost.</source>
        <translation>Die Maschine lebt in diesem Fenster. Was in ihr nicht gespeichert ist, geht verloren.</translation>
    </message>
    <message>
        <source>Turn off</source>
        <translation>Ausschalten</translation>
    </message>
    <message>
        <source>Insert a disc</source>
        <translation>Medium einlegen</translation>
    </message>
    <message>
        <source>Disc images (*.iso *.img *.cdr)</source>
        <translation>Abbilder (*.iso *.img *.cdr)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>HostCheckPage</name>
    <message>
        <source>Checking this computer</source>
        <translation>Dieser Rechner wird geprüft</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>Bericht kopieren</translation>
    </message>
</context>
<context>
    <name>HostKeys</name>
    <message>
        <source>Keys this computer keeps</source>
        <translation>Tasten, die dieser Rechner behält</translation>
    </message>
    <message>
        <source>All other keys go to the machine while its window has the keyboard.</source>
        <translation>Alle anderen Tasten gehen an die Maschine, solange ihr Fenster die Tastatur hat.</translation>
    </message>
    <message>
        <source>Give %1 to machines</source>
        <translation>%1 den Maschinen überlassen</translation>
    </message>
    <message>
        <source>Press the keys</source>
        <translation>Jetzt die Tasten drücken</translation>
    </message>
    <message>
        <source>Another combination</source>
        <translation>Weitere Kombination</translation>
    </message>
    <message>
        <source>Escape gives up</source>
        <translation>Esc bricht ab</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add a combination of keys</source>
        <translation>Tastenkombination hinzufügen</translation>
    </message>
</context>
<context>
    <name>JobsButton</name>
    <message>
        <source>Tasks under way</source>
        <translation>Laufende Aufgaben</translation>
    </message>
</context>
<context>
    <name>JobsPopup</name>
    <message>
        <source>Tasks under way</source>
        <translation>Laufende Aufgaben</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Cancel: %1</source>
        <translation>Abbrechen: %1</translation>
    </message>
</context>
<context>
    <name>KeepDialog</name>
    <message>
        <source>Keep this machine?</source>
        <translation>Diese Maschine behalten?</translation>
    </message>
    <message>
        <source>It was started to try it, and is deleted unless you keep it.</source>
        <translation>Sie wurde zum Ausprobieren gestartet und wird gelöscht, wenn sie nicht behalten wird.</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>LibraryHeader</name>
    <message>
        <source>New machine</source>
        <translation>Neue Maschine</translation>
    </message>
    <message>
        <source>Ctrl+N</source>
        <translation>Strg+N</translation>
    </message>
    <message>
        <source>New machine (%1)</source>
        <translation>Neue Maschine (%1)</translation>
    </message>
    <message>
        <source>Search machines</source>
        <translation>Maschinen suchen</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>Suche leeren</translation>
    </message>
    <message>
        <source>Sort and groups</source>
        <translation>Sortierung und Gruppen</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>Cards</source>
        <translation>Karten</translation>
    </message>
    <message>
        <source>List</source>
        <translation>Liste</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menü</translation>
    </message>
</context>
<context>
    <name>LibraryOverlays</name>
    <message>
        <source>Download a system</source>
        <translation>System herunterladen</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Preferences of Vitrine</source>
        <translation>Einstellungen von Vitrine</translation>
    </message>
    <message>
        <source>Quit while something is under way?</source>
        <translation>Trotz laufender Aufgaben beenden?</translation>
    </message>
    <message>
        <source>It is given up. Close the window instead, and it goes on without the window.</source>
        <translation>Es wird abgebrochen. Wird stattdessen nur das Fenster geschlossen, geht es ohne Fenster weiter.</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
</context>
<context>
    <name>LibraryWindow</name>
    <message>
        <source>Vitrine</source>
        <translation>Vitrine</translation>
    </message>
    <message>
        <source>“%1” is in the trash</source>
        <translation>„%1“ liegt im Papierkorb</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
</context>
<context>
    <name>LogsPage</name>
    <message>
        <source>Log of the machine</source>
        <translation>Protokoll der Maschine</translation>
    </message>
    <message>
        <source>Nothing was written yet</source>
        <translation>Noch wurde nichts geschrieben</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>Neu lesen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the log</source>
        <translation>Protokoll kopieren</translation>
    </message>
</context>
<context>
    <name>MachineCard</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>MachineGrid</name>
    <message>
        <source>Machines</source>
        <translation>Maschinen</translation>
    </message>
</context>
<context>
    <name>MachineList</name>
    <message>
        <source>Machines</source>
        <translation>Maschinen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>Belegt</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>Zuletzt benutzt</translation>
    </message>
</context>
<context>
    <name>MachineMenu</name>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Restart…</source>
        <translation>Neu starten …</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Ruhezustand</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Herunterfahren</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Ausschalten erzwingen …</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Groups…</source>
        <translation>Gruppen …</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>Klonen</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren …</translation>
    </message>
    <message>
        <source>Move…</source>
        <translation>Verschieben …</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
</context>
<context>
    <name>MachineRow</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>More about %1</source>
        <translation>Mehr zu %1</translation>
    </message>
</context>
<context>
    <name>MainMenu</name>
    <message>
        <source>Preferences of Vitrine</source>
        <translation>Einstellungen von Vitrine</translation>
    </message>
    <message>
        <source>Check this computer</source>
        <translation>Diesen Rechner prüfen</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>About Vitrine</source>
        <translation>Über Vitrine</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
</context>
<context>
    <name>MediaPage</name>
    <message>
        <source>The guest sees the change at once.</source>
        <translation>Der Gast sieht die Änderung sofort.</translation>
    </message>
    <message>
        <source>No disc</source>
        <translation>Kein Medium</translation>
    </message>
    <message>
        <source>CD and DVD drive</source>
        <translation>CD- und DVD-Laufwerk</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>Auswerfen</translation>
    </message>
    <message>
        <source>Eject %1</source>
        <translation>%1 auswerfen</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>Einlegen</translation>
    </message>
    <message>
        <source>Insert a disc</source>
        <translation>Medium einlegen</translation>
    </message>
    <message>
        <source>This machine has no drive for discs</source>
        <translation>Diese Maschine hat kein Laufwerk für Medien</translation>
    </message>
    <message>
        <source>Disc images (*.iso *.img *.cdr)</source>
        <translation>Abbilder (*.iso *.img *.cdr)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
</context>
<context>
    <name>MediaSheet</name>
    <message>
        <source>The download goes on in the background; the machine opens when it is done.</source>
        <translation>Der Download läuft im Hintergrund; danach öffnet sich die Maschine.</translation>
    </message>
    <message>
        <source>%1, from %2</source>
        <translation>%1, von %2</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Herunterladen</translation>
    </message>
    <message>
        <source>Download %1</source>
        <translation>%1 herunterladen</translation>
    </message>
</context>
<context>
    <name>NameEdit</name>
    <message>
        <source>New name of %1</source>
        <translation>Neuer Name von %1</translation>
    </message>
</context>
<context>
    <name>NetworkPage</name>
    <message>
        <source>Connection</source>
        <translation>Verbindung</translation>
    </message>
    <message>
        <source>The machine uses this computer&apos;s connection and is not seen from outside.</source>
        <translation>Die Maschine nutzt die Verbindung dieses Rechners und ist von außen nicht sichtbar.</translation>
    </message>
    <message>
        <source>No network.</source>
        <translation>Kein Netzwerk.</translation>
    </message>
    <message>
        <source>NAT</source>
        <translation>NAT</translation>
    </message>
    <message>
        <source>passt</source>
        <translation>passt</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Tap</source>
        <translation>Tap</translation>
    </message>
    <message>
        <source>Cable plugged in</source>
        <translation>Kabel eingesteckt</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Sofort</translation>
    </message>
    <message>
        <source>Cut off from the internet</source>
        <translation>Vom Internet abgeschnitten</translation>
    </message>
    <message>
        <source>Only forwarded ports work.</source>
        <translation>Nur weitergeleitete Ports funktionieren.</translation>
    </message>
    <message>
        <source>Only forwarded ports work. At next start.</source>
        <translation>Nur weitergeleitete Ports funktionieren. Ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Choose passt&apos;s socket</source>
        <translation>Socket von passt auswählen</translation>
    </message>
    <message>
        <source>This computer has no tap interface. An administrator makes one with: %1</source>
        <translation>Dieser Computer hat keine Tap-Schnittstelle. Wer ihn verwaltet, legt eine an mit: %1</translation>
    </message>
    <message>
        <source>The machine is seen in the network that the interface belongs to.</source>
        <translation>Die Maschine ist in dem Netzwerk zu sehen, zu dem die Schnittstelle gehört.</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>Schnittstelle</translation>
    </message>
</context>
<context>
    <name>NewMachineSheet</name>
    <message>
        <source>New machine</source>
        <translation>Neue Maschine</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Name of the machine</source>
        <translation>Name der Maschine</translation>
    </message>
    <message>
        <source>Just try it</source>
        <translation>Nur ausprobieren</translation>
    </message>
    <message>
        <source>Starts from the disc without a disk. The machine is gone when its window is closed, unless you keep it.</source>
        <translation>Startet vom Medium, ohne Festplatte. Mit dem Schließen ihres Fensters ist die Maschine weg, es sei denn, sie wird behalten.</translation>
    </message>
    <message>
        <source>Express install</source>
        <translation>Expressinstallation</translation>
    </message>
    <message>
        <source>Answers the installer&apos;s questions for you; come back when it is done.</source>
        <translation>Beantwortet die Fragen des Installationsprogramms; am Ende ist alles fertig.</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>BIOS</source>
        <translation>BIOS</translation>
    </message>
    <message>
        <source>UEFI</source>
        <translation>UEFI</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>Anlegen</translation>
    </message>
</context>
<context>
    <name>NewMenu</name>
    <message>
        <source>Open a file…</source>
        <translation>Datei öffnen …</translation>
    </message>
    <message>
        <source>Download a system…</source>
        <translation>System herunterladen …</translation>
    </message>
    <message>
        <source>Empty machine…</source>
        <translation>Leere Maschine …</translation>
    </message>
    <message>
        <source>Add a folder with machines…</source>
        <translation>Ordner mit Maschinen hinzufügen …</translation>
    </message>
</context>
<context>
    <name>NoMatchPage</name>
    <message>
        <source>No machine is in “%1”</source>
        <translation>In „%1“ ist keine Maschine</translation>
    </message>
    <message>
        <source>Nothing found for “%1”</source>
        <translation>Nichts gefunden für „%1“</translation>
    </message>
    <message>
        <source>Show all machines</source>
        <translation>Alle Maschinen anzeigen</translation>
    </message>
</context>
<context>
    <name>OverviewPage</name>
    <message>
        <source>The machine stopped unexpectedly</source>
        <translation>Die Maschine ist unerwartet stehen geblieben</translation>
    </message>
    <message>
        <source>Processors</source>
        <translation>Prozessoren</translation>
    </message>
    <message>
        <source>Memory of this computer</source>
        <translation>Speicher dieses Rechners</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>Festplatten</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netzwerk</translation>
    </message>
    <message>
        <source>When it runs</source>
        <translation>Wenn sie läuft</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Arbeitsspeicher</translation>
    </message>
</context>
<context>
    <name>PageList</name>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
</context>
<context>
    <name>PageSheet</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
</context>
<context>
    <name>PauseVeil</name>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>The machine is paused</source>
        <translation>Die Maschine ist angehalten</translation>
    </message>
</context>
<context>
    <name>Pickers</name>
    <message>
        <source>Add a folder with machines</source>
        <translation>Ordner mit Maschinen hinzufügen</translation>
    </message>
    <message>
        <source>Move the machine to a folder</source>
        <translation>Maschine in einen Ordner verschieben</translation>
    </message>
    <message>
        <source>Open an installer, a disk, an appliance or a machine</source>
        <translation>Installationsmedium, Festplatte, Appliance oder Maschine öffnen</translation>
    </message>
    <message>
        <source>Everything Vitrine knows (%1)</source>
        <translation>Alles, was Vitrine kennt (%1)</translation>
    </message>
    <message>
        <source>All files (%1)</source>
        <translation>Alle Dateien (%1)</translation>
    </message>
    <message>
        <source>Export as one file</source>
        <translation>Als eine Datei exportieren</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>Verschieben</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportieren</translation>
    </message>
</context>
<context>
    <name>PortPanel</name>
    <message>
        <source>Ports</source>
        <translation>Ports</translation>
    </message>
    <message>
        <source>Forwards are opened and closed at once.</source>
        <translation>Weiterleitungen werden sofort geöffnet und geschlossen.</translation>
    </message>
    <message>
        <source>%1 to %2, %3</source>
        <translation>%1 nach %2, %3</translation>
    </message>
    <message>
        <source>Other computers may connect</source>
        <translation>Andere Rechner dürfen sich verbinden</translation>
    </message>
    <message>
        <source>This computer only</source>
        <translation>Nur dieser Rechner</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Offen</translation>
    </message>
    <message>
        <source>Remove the forward of port %1</source>
        <translation>Weiterleitung von Port %1 entfernen</translation>
    </message>
    <message>
        <source>Add a forward</source>
        <translation>Weiterleitung hinzufügen</translation>
    </message>
    <message>
        <source>Port of this computer</source>
        <translation>Port dieses Rechners</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>Port of the machine</source>
        <translation>Port der Maschine</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Maschine</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add the forward</source>
        <translation>Die Weiterleitung hinzufügen</translation>
    </message>
    <message>
        <source>Let other computers connect</source>
        <translation>Andere Rechner zulassen</translation>
    </message>
    <message>
        <source>For the next forward you add. Everybody on your network can reach it.</source>
        <translation>Für die nächste Weiterleitung. Alle im eigenen Netzwerk können sie erreichen.</translation>
    </message>
    <message>
        <source>Log in by SSH</source>
        <translation>Anmelden über SSH</translation>
    </message>
    <message>
        <source>Copy ssh command</source>
        <translation>ssh-Befehl kopieren</translation>
    </message>
</context>
<context>
    <name>PreferencesWindow</name>
    <message>
        <source>Overview</source>
        <translation>Übersicht</translation>
    </message>
    <message>
        <source>Resources</source>
        <translation>Ressourcen</translation>
    </message>
    <message>
        <source>Media</source>
        <translation>Medien</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Netzwerk</translation>
    </message>
    <message>
        <source>Boot and firmware</source>
        <translation>Start und Firmware</translation>
    </message>
    <message>
        <source>Closing</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Protokolle</translation>
    </message>
    <message>
        <source>Edit configuration</source>
        <translation>Konfiguration bearbeiten</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Preferences of %1</source>
        <translation>Einstellungen von %1</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
</context>
<context>
    <name>Question</name>
    <message>
        <source>Take the power from “%1”?</source>
        <translation>„%1“ den Strom abstellen?</translation>
    </message>
    <message>
        <source>Restart “%1”?</source>
        <translation>„%1“ neu starten?</translation>
    </message>
    <message>
        <source>It stops at once. What was not saved in it is lost.</source>
        <translation>Sie bleibt sofort stehen. Was in ihr nicht gespeichert wurde, geht verloren.</translation>
    </message>
    <message>
        <source>The machine is reset without asking the system in it. What was not saved in it is lost.</source>
        <translation>Die Maschine wird zurückgesetzt, ohne ihr System zu fragen. Was in ihr nicht gespeichert wurde, geht verloren.</translation>
    </message>
    <message>
        <source>Force off</source>
        <translation>Ausschalten erzwingen</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Neu starten</translation>
    </message>
</context>
<context>
    <name>ResourcesPage</name>
    <message>
        <source>Give unused memory back</source>
        <translation>Unbenutzten Speicher zurückgeben</translation>
    </message>
    <message>
        <source>The guest returns what it does not need. At next start.</source>
        <translation>Der Gast gibt zurück, was er nicht braucht. Ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>The guest returns what it does not need.</source>
        <translation>Der Gast gibt zurück, was er nicht braucht.</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>Festplatten</translation>
    </message>
    <message>
        <source>A disk only grows; what is on it stays. A disk that is detached keeps its file.</source>
        <translation>Eine Festplatte wächst nur; was darauf ist, bleibt. Eine abgetrennte Festplatte behält ihre Datei.</translation>
    </message>
    <message>
        <source>Add a disk</source>
        <translation>Festplatte hinzufügen</translation>
    </message>
    <message>
        <source>Size of the new disk</source>
        <translation>Größe der neuen Festplatte</translation>
    </message>
    <message>
        <source>20 GiB</source>
        <translation>20 GiB</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>Add a disk of %1</source>
        <translation>Festplatte mit %1 hinzufügen</translation>
    </message>
    <message>
        <source>A system with virtio drivers sees changes at once, others at the next start.</source>
        <translation>Ein System mit virtio-Treibern sieht Änderungen sofort, andere beim nächsten Start.</translation>
    </message>
    <message>
        <source>Disks change when the machine is started anew.</source>
        <translation>Festplatten ändern sich, wenn die Maschine neu gestartet wird.</translation>
    </message>
    <message>
        <source>Detach “%1”?</source>
        <translation>„%1“ abtrennen?</translation>
    </message>
    <message>
        <source>The machine no longer has this disk. Its file stays where it is, with all that is on it.</source>
        <translation>Die Maschine hat diese Festplatte dann nicht mehr. Ihre Datei bleibt, wo sie ist, mit allem, was darauf ist.</translation>
    </message>
    <message>
        <source>Detach</source>
        <translation>Abtrennen</translation>
    </message>
</context>
<context>
    <name>Sheet</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
</context>
<context>
    <name>ShortcutsSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>Bibliothek</translation>
    </message>
    <message>
        <source>New machine</source>
        <translation>Neue Maschine</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>Datei öffnen</translation>
    </message>
    <message>
        <source>Search, or just type</source>
        <translation>Suchen, oder einfach tippen</translation>
    </message>
    <message>
        <source>Cards, list</source>
        <translation>Karten, Liste</translation>
    </message>
    <message>
        <source>Ctrl+1, Ctrl+2</source>
        <translation>Strg+1, Strg+2</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>The chosen machine</source>
        <translation>Die gewählte Maschine</translation>
    </message>
    <message>
        <source>Start or open</source>
        <translation>Starten oder öffnen</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Eingabe</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Del</source>
        <translation>Entf</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Alt+Enter</source>
        <translation>Alt+Eingabe</translation>
    </message>
    <message>
        <source>Everything else</source>
        <translation>Alles andere</translation>
    </message>
    <message>
        <source>Menu, Shift+F10</source>
        <translation>Menü, Umschalt+F10</translation>
    </message>
    <message>
        <source>In a machine&apos;s window</source>
        <translation>Im Fenster einer Maschine</translation>
    </message>
    <message>
        <source>Release keyboard and pointer</source>
        <translation>Tastatur und Zeiger freigeben</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Enter</source>
        <translation>Strg+Alt+Eingabe</translation>
    </message>
    <message>
        <source>Ctrl+N</source>
        <translation>Strg+N</translation>
    </message>
    <message>
        <source>Ctrl+O</source>
        <translation>Strg+O</translation>
    </message>
    <message>
        <source>Ctrl+F</source>
        <translation>Strg+F</translation>
    </message>
    <message>
        <source>Ctrl+?</source>
        <translation>Strg+?</translation>
    </message>
    <message>
        <source>Ctrl+Q</source>
        <translation>Strg+Q</translation>
    </message>
    <message>
        <source>F2</source>
        <translation>F2</translation>
    </message>
    <message>
        <source>Ctrl+Alt</source>
        <translation>Strg+Alt</translation>
    </message>
    <message>
        <source>Take the last deletion back</source>
        <translation>Das letzte Löschen zurücknehmen</translation>
    </message>
    <message>
        <source>Ctrl+Z</source>
        <translation>Strg+Z</translation>
    </message>
</context>
<context>
    <name>SortMenu</name>
    <message>
        <source>Sort by</source>
        <translation>Sortieren nach</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>Zuletzt benutzt</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Anzeigen</translation>
    </message>
    <message>
        <source>All machines</source>
        <translation>Alle Maschinen</translation>
    </message>
    <message>
        <source>Show as cards</source>
        <translation>Als Karten anzeigen</translation>
    </message>
    <message>
        <source>Show as a list</source>
        <translation>Als Liste anzeigen</translation>
    </message>
</context>
<context>
    <name>SystemPicker</name>
    <message>
        <source>Choose the system</source>
        <translation>System auswählen</translation>
    </message>
    <message>
        <source>Search systems</source>
        <translation>Systeme suchen</translation>
    </message>
    <message>
        <source>Systems</source>
        <translation>Systeme</translation>
    </message>
    <message>
        <source>Reading the catalogue</source>
        <translation>Katalog wird gelesen</translation>
    </message>
    <message>
        <source>There is no catalogue of systems on this computer</source>
        <translation>Auf diesem Computer gibt es keinen Katalog von Systemen</translation>
    </message>
    <message>
        <source>No system is called “%1”</source>
        <translation>Kein System heißt „%1“</translation>
    </message>
</context>
<context>
    <name>SystemRow</name>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>Memory and disk are proposed for it.</source>
        <translation>Danach richten sich die Vorschläge für Speicher und Festplatte.</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Auswählen …</translation>
    </message>
    <message>
        <source>Choose the system</source>
        <translation>System auswählen</translation>
    </message>
</context>
<context>
    <name>SystemTile</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>Toast</name>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
</context>
<context>
    <name>TypingPill</name>
    <message>
        <source>Typing the clipboard&apos;s text…</source>
        <translation>Text der Zwischenablage wird getippt …</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
</context>
<context>
    <name>VPassword</name>
    <message>
        <source>Show the password</source>
        <translation>Passwort anzeigen</translation>
    </message>
</context>
<context>
    <name>app::download::Answer</name>
    <message>
        <source>%1 does not give out the file.</source>
        <translation>%1 gibt die Datei nicht heraus.</translation>
    </message>
    <message>
        <source>%1 does not give the file to everybody (error %2): download it in a browser, and open it from there.</source>
        <translation>%1 gibt die Datei nicht allen (Fehler %2): Bitte im Browser herunterladen und von dort öffnen.</translation>
    </message>
    <message>
        <source>There is no such file on %1 (error %2): check the address.</source>
        <translation>Auf %1 gibt es keine solche Datei (Fehler %2): Bitte die Adresse prüfen.</translation>
    </message>
    <message>
        <source>%1 has trouble of its own (error %2): try again later.</source>
        <translation>%1 hat selbst Schwierigkeiten (Fehler %2): Bitte später noch einmal versuchen.</translation>
    </message>
    <message>
        <source>%1 gave an answer that makes no sense for a file (%2).</source>
        <translation>%1 gab eine Antwort, die für eine Datei keinen Sinn ergibt (%2).</translation>
    </message>
    <message>
        <source>%1 answered with a web page instead of the file: download it in a browser, and open it from there.</source>
        <translation>%1 antwortete mit einer Webseite statt der Datei: Bitte im Browser herunterladen und von dort öffnen.</translation>
    </message>
</context>
<context>
    <name>app::download::Downloader</name>
    <message>
        <source>%1 lies in memory, so downloads are kept in %2.</source>
        <translation>%1 liegt im Arbeitsspeicher; Downloads kommen daher nach %2.</translation>
    </message>
    <message>
        <source>%1 is not an address to download from.</source>
        <translation>%1 ist keine Adresse, von der heruntergeladen werden kann.</translation>
    </message>
    <message>
        <source>%1 is not a SHA-256 sum.</source>
        <translation>%1 ist keine SHA-256-Summe.</translation>
    </message>
</context>
<context>
    <name>app::download::PartFile</name>
    <message>
        <source>%1 is being downloaded already.</source>
        <translation>%1 wird bereits heruntergeladen.</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2.</source>
        <translation>%1 kann nicht gelesen werden: %2.</translation>
    </message>
    <message>
        <source>There is not enough room on %1: %2 needed, %3 free.</source>
        <translation>Auf %1 ist nicht genug Platz: %2 nötig, %3 frei.</translation>
    </message>
    <message>
        <source>%1 cannot be written to.</source>
        <translation>In %1 kann nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>There is not enough room on %1: %2 free.</source>
        <translation>Auf %1 ist nicht genug Platz: %2 frei.</translation>
    </message>
    <message>
        <source>%1 cannot hold files that large: choose another disk.</source>
        <translation>%1 kann so große Dateien nicht aufnehmen: Bitte eine andere Festplatte wählen.</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>%1 kann nicht geschrieben werden: %2.</translation>
    </message>
</context>
<context>
    <name>app::download::Transfer</name>
    <message>
        <source>The download was cancelled.</source>
        <translation>Der Download wurde abgebrochen.</translation>
    </message>
    <message>
        <source>%1 lies in memory, which is lost when the computer is switched off: choose a folder on a disk.</source>
        <translation>%1 liegt im Arbeitsspeicher und geht beim Ausschalten des Rechners verloren: Bitte einen Ordner auf einer Festplatte wählen.</translation>
    </message>
    <message>
        <source>The folder %1 cannot be made.</source>
        <translation>Der Ordner %1 kann nicht angelegt werden.</translation>
    </message>
    <message>
        <source>The connection to %1 broke: try again later.</source>
        <translation>Die Verbindung zu %1 ist abgebrochen: Bitte später noch einmal versuchen.</translation>
    </message>
    <message>
        <source>%1 sends something else each time: try again later.</source>
        <translation>%1 sendet jedes Mal etwas anderes: Bitte später noch einmal versuchen.</translation>
    </message>
    <message>
        <source>%1 cannot be written to.</source>
        <translation>In %1 kann nicht geschrieben werden.</translation>
    </message>
    <message>
        <source>%1 sent more than it announced: try again later.</source>
        <translation>%1 hat mehr gesendet als angekündigt: Bitte später noch einmal versuchen.</translation>
    </message>
    <message>
        <source>%1 does not answer: try again later.</source>
        <translation>%1 antwortet nicht: Bitte später noch einmal versuchen.</translation>
    </message>
    <message>
        <source>%1 leads from a protected address to an unprotected one, which is not followed.</source>
        <translation>%1 führt von einer gesicherten Adresse zu einer ungesicherten; dem wird nicht gefolgt.</translation>
    </message>
    <message>
        <source>The address leads in circles or nowhere: check it.</source>
        <translation>Die Adresse führt im Kreis oder nirgendwohin: Bitte prüfen.</translation>
    </message>
    <message>
        <source>%1 cannot prove who it is: %2.</source>
        <translation>%1 kann nicht belegen, wer es ist: %2.</translation>
    </message>
    <message>
        <source>There is no server called %1: check the address and the network.</source>
        <translation>Es gibt keinen Server namens %1: Bitte Adresse und Netzwerk prüfen.</translation>
    </message>
    <message>
        <source>%1 does not accept connections: check the address.</source>
        <translation>%1 nimmt keine Verbindungen an: Bitte die Adresse prüfen.</translation>
    </message>
    <message>
        <source>%1 sent an empty file: check the address.</source>
        <translation>%1 hat eine leere Datei gesendet: Bitte die Adresse prüfen.</translation>
    </message>
    <message>
        <source>%1 is damaged: its sum is not the expected one.</source>
        <translation>%1 ist beschädigt: Die Prüfsumme ist nicht die erwartete.</translation>
    </message>
    <message>
        <source>%1 is damaged or not the expected file: its sum is wrong. Try another server.</source>
        <translation>%1 ist beschädigt oder nicht die erwartete Datei: Die Prüfsumme stimmt nicht. Bitte einen anderen Server versuchen.</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryKeeper</name>
    <message>
        <source>Cloning %1</source>
        <translation>%1 wird geklont</translation>
    </message>
    <message>
        <source>A machine can only be exported to a folder of this computer.</source>
        <translation>Eine Maschine kann nur in einen Ordner dieses Rechners exportiert werden.</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>%1 wird exportiert</translation>
    </message>
    <message>
        <source>%1 has been exported to %2.</source>
        <translation>%1 wurde nach %2 exportiert.</translation>
    </message>
    <message>
        <source>A machine can only be moved to a folder of this computer.</source>
        <translation>Eine Maschine kann nur in einen Ordner dieses Rechners verschoben werden.</translation>
    </message>
    <message>
        <source>Moving %1</source>
        <translation>%1 wird verschoben</translation>
    </message>
    <message>
        <source>Machines can only lie in folders of this computer.</source>
        <translation>Maschinen können nur in Ordnern dieses Rechners liegen.</translation>
    </message>
    <message>
        <source>Only files of this computer can be put into a drive.</source>
        <translation>In ein Laufwerk können nur Dateien dieses Rechners eingelegt werden.</translation>
    </message>
    <message>
        <source>This machine runs without a connection to this session, so it can only be controlled in its own window.</source>
        <translation>Diese Maschine läuft ohne Verbindung zu dieser Sitzung und lässt sich daher nur in ihrem eigenen Fenster steuern.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly.</source>
        <translation>Die Maschine ist unerwartet stehen geblieben.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly. The last it said: %1</source>
        <translation>Die Maschine ist unerwartet stehen geblieben. Ihre letzte Meldung: %1</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly: signal %1 ended its process.</source>
        <translation>Die Maschine ist unerwartet stehen geblieben: Signal %1 hat ihren Prozess beendet.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly: signal %1 ended its process. The last it said: %2</source>
        <translation>Die Maschine ist unerwartet stehen geblieben: Signal %1 hat ihren Prozess beendet. Ihre letzte Meldung: %2</translation>
    </message>
    <message>
        <source>The installation is finished.</source>
        <translation>Die Installation ist abgeschlossen.</translation>
    </message>
    <message>
        <source>A guest is being installed</source>
        <translation>Ein Gast wird installiert</translation>
    </message>
    <message>
        <source>%1 is neither a file of this computer nor an address Vitrine can download from.</source>
        <translation>%1 ist weder eine Datei dieses Rechners noch eine Adresse, von der Vitrine herunterladen kann.</translation>
    </message>
    <message>
        <source>Looking at %1</source>
        <translation>%1 wird untersucht</translation>
    </message>
    <message>
        <source>Importing %1</source>
        <translation>%1 wird importiert</translation>
    </message>
    <message>
        <source>The catalogue of systems is not installed; the package osinfo-db has it.</source>
        <translation>Der Katalog der Systeme ist nicht installiert; er steckt im Paket osinfo-db.</translation>
    </message>
    <message>
        <source>Making %1</source>
        <translation>%1 wird angelegt</translation>
    </message>
    <message>
        <source>Preparing the installation of %1</source>
        <translation>Installation von %1 wird vorbereitet</translation>
    </message>
    <message>
        <source>Password of %1 on %2</source>
        <translation>Passwort von %1 auf %2</translation>
    </message>
    <message>
        <source>The password could not be kept in the keyring, so remember it: %1</source>
        <translation>Das Passwort konnte nicht im Schlüsselbund abgelegt werden, bitte merken: %1</translation>
    </message>
    <message>
        <source>Downloading %1</source>
        <translation>%1 wird heruntergeladen</translation>
    </message>
    <message>
        <source>The download is finished.</source>
        <translation>Der Download ist abgeschlossen.</translation>
    </message>
    <message>
        <source>There is no session bus, so machines that run cannot be controlled from here.</source>
        <translation>Es gibt keinen Sitzungsbus; laufende Maschinen lassen sich von hier aus nicht steuern.</translation>
    </message>
    <message>
        <source>Not in effect yet: %1</source>
        <translation>Noch nicht in Kraft: %1</translation>
    </message>
    <message>
        <source>This disk grows while the machine is off: %1</source>
        <translation>Diese Festplatte wird vergrößert, während die Maschine aus ist: %1</translation>
    </message>
    <message>
        <source>%1 is installed without drivers for its network card: %2</source>
        <translation>%1 wird ohne Treiber für die Netzwerkkarte installiert: %2</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryOffer</name>
    <message>
        <source>New machine</source>
        <translation>Neue Maschine</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryRun</name>
    <message>
        <source>Virtual machines are running.</source>
        <translation>Virtuelle Maschinen laufen.</translation>
    </message>
</context>
<context>
    <name>app::services::Notifier</name>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
</context>
<context>
    <name>ui::models::Amount</name>
    <message>
        <source>At least %1</source>
        <translation>Mindestens %1</translation>
    </message>
    <message>
        <source>At most %1</source>
        <translation>Höchstens %1</translation>
    </message>
    <message>
        <source>Type a number, such as 2</source>
        <translation>Eine Zahl eingeben, etwa 2</translation>
    </message>
    <message>
        <source>Type a size, such as %1</source>
        <translation>Eine Größe eingeben, etwa %1</translation>
    </message>
    <message>
        <source>More than this computer has: the machine may not start</source>
        <translation>Mehr, als dieser Rechner hat: Die Maschine startet vielleicht nicht</translation>
    </message>
    <message>
        <source>More than this computer has: everything gets slower</source>
        <translation>Mehr, als dieser Rechner hat: Alles wird langsamer</translation>
    </message>
    <message>
        <source>More than is free now: the machine pauses when the space is used up</source>
        <translation>Mehr, als gerade frei ist: Die Maschine hält an, wenn der Platz verbraucht ist</translation>
    </message>
    <message>
        <source>This system asks for at least %1</source>
        <translation>Dieses System verlangt mindestens %1</translation>
    </message>
    <message>
        <source>%1 recommended</source>
        <translation>%1 empfohlen</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 frei</translation>
    </message>
    <message>
        <source>This computer has %1</source>
        <translation>Dieser Rechner hat %1</translation>
    </message>
    <message>
        <source>%1 recommended, %2 free</source>
        <translation>%1 empfohlen, %2 frei</translation>
    </message>
    <message>
        <source>%1 recommended, this computer has %2</source>
        <translation>%1 empfohlen, dieser Rechner hat %2</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Arbeitsspeicher</translation>
    </message>
    <message>
        <source>Processors</source>
        <translation>Prozessoren</translation>
    </message>
    <message>
        <source>Disk size</source>
        <translation>Festplattengröße</translation>
    </message>
</context>
<context>
    <name>ui::models::AppPreferencesModel</name>
    <message>
        <source>Nothing is kept</source>
        <translation>Nichts aufbewahrt</translation>
    </message>
    <message>
        <source>Press a key together with Ctrl, Alt or the Super key</source>
        <translation>Eine Taste zusammen mit Strg, Alt oder der Super-Taste drücken</translation>
    </message>
    <message>
        <source>A key alone belongs to the machine; hold Ctrl, Alt or the Super key as well</source>
        <translation>Eine einzelne Taste gehört der Maschine; dazu Strg, Alt oder die Super-Taste halten</translation>
    </message>
    <message>
        <source>%1 is in the list already</source>
        <translation>%1 steht schon in der Liste</translation>
    </message>
    <message>
        <source>The list holds at most %1 combinations</source>
        <translation>Die Liste fasst höchstens %1 Kombinationen</translation>
    </message>
</context>
<context>
    <name>ui::models::CatalogueModel</name>
    <message numerus="yes">
        <source>%n images</source>
        <translation>
            <numerusform>%n Abbild</numerusform>
            <numerusform>%n Abbilder</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, no more updates</source>
        <translation>%1, ohne Updates</translation>
    </message>
    <message>
        <source>%1, released in %2</source>
        <translation>%1, erschienen %2</translation>
    </message>
</context>
<context>
    <name>ui::models::CatalogueVariants</name>
    <message>
        <source>Live system with installer</source>
        <translation>Live-System mit Installationsprogramm</translation>
    </message>
    <message>
        <source>Live system</source>
        <translation>Live-System</translation>
    </message>
    <message>
        <source>Installer</source>
        <translation>Installationsmedium</translation>
    </message>
</context>
<context>
    <name>ui::models::DemoLibrary</name>
    <message>
        <source>%1 (2)</source>
        <translation>%1 (2)</translation>
    </message>
    <message>
        <source>Cloning %1</source>
        <translation>%1 wird geklont</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>%1 wird exportiert</translation>
    </message>
    <message>
        <source>Moving to %1</source>
        <translation>Wird nach %1 verschoben</translation>
    </message>
    <message>
        <source>New machine</source>
        <translation>Neue Maschine</translation>
    </message>
    <message>
        <source>Machines in %1 are shown from now on</source>
        <translation>Maschinen in %1 werden ab jetzt angezeigt</translation>
    </message>
    <message>
        <source>machine.toml, line %1: expected a key and its value</source>
        <translation>machine.toml, Zeile %1: Schlüssel und Wert erwartet</translation>
    </message>
    <message>
        <source>machine.toml, line 1: the key &quot;schema&quot; is missing</source>
        <translation>machine.toml, Zeile 1: der Schlüssel „schema“ fehlt</translation>
    </message>
</context>
<context>
    <name>ui::models::DiskList</name>
    <message>
        <source>Size not known</source>
        <translation>Größe nicht bekannt</translation>
    </message>
    <message>
        <source>Takes %1 of this computer</source>
        <translation>Belegt %1 auf diesem Rechner</translation>
    </message>
</context>
<context>
    <name>ui::models::DraftModel</name>
    <message numerus="yes">
        <source>%n more to come</source>
        <translation>
            <numerusform>Noch %n danach</numerusform>
            <numerusform>Noch %n danach</numerusform>
        </translation>
    </message>
    <message>
        <source>No system yet</source>
        <translation>Noch kein System</translation>
    </message>
    <message>
        <source>Unknown system</source>
        <translation>Unbekanntes System</translation>
    </message>
    <message>
        <source>Installer</source>
        <translation>Installationsmedium</translation>
    </message>
    <message>
        <source>Live system</source>
        <translation>Live-System</translation>
    </message>
    <message>
        <source>Disk image</source>
        <translation>Festplattenabbild</translation>
    </message>
    <message>
        <source>Appliance</source>
        <translation>Appliance</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Maschine</translation>
    </message>
    <message>
        <source>Empty machine</source>
        <translation>Leere Maschine</translation>
    </message>
    <message>
        <source>Give the machine a name</source>
        <translation>Der Maschine einen Namen geben</translation>
    </message>
    <message>
        <source>This name is too long</source>
        <translation>Dieser Name ist zu lang</translation>
    </message>
    <message>
        <source>A name has no slash</source>
        <translation>Ein Name enthält keinen Schrägstrich</translation>
    </message>
    <message>
        <source>A name does not start with a dot</source>
        <translation>Ein Name beginnt nicht mit einem Punkt</translation>
    </message>
    <message>
        <source>A name is written in letters and signs</source>
        <translation>Ein Name besteht aus Buchstaben und Zeichen</translation>
    </message>
    <message>
        <source>Choose a user name</source>
        <translation>Einen Benutzernamen wählen</translation>
    </message>
    <message>
        <source>The system has this name for itself; choose another</source>
        <translation>Das System braucht diesen Namen selbst; bitte einen anderen wählen</translation>
    </message>
    <message>
        <source>At most 20 characters, without signs such as / and @</source>
        <translation>Höchstens 20 Zeichen, ohne Zeichen wie / und @</translation>
    </message>
    <message>
        <source>Small letters, digits and hyphens only</source>
        <translation>Nur Kleinbuchstaben, Ziffern und Bindestriche</translation>
    </message>
    <message>
        <source>Choose a password</source>
        <translation>Ein Passwort wählen</translation>
    </message>
    <message>
        <source>This system asks for a product key</source>
        <translation>Dieses System verlangt einen Produktschlüssel</translation>
    </message>
    <message>
        <source>Five groups of five letters or digits</source>
        <translation>Fünf Gruppen aus fünf Buchstaben oder Ziffern</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>Create and start</source>
        <translation>Anlegen und starten</translation>
    </message>
</context>
<context>
    <name>ui::models::ForwardList</name>
    <message>
        <source>Any</source>
        <translation>Beliebig</translation>
    </message>
    <message>
        <source>Port %1 of this computer leads to port %2 of the machine, %3</source>
        <translation>Port %1 dieses Rechners führt zu Port %2 der Maschine, %3</translation>
    </message>
</context>
<context>
    <name>ui::models::GuestPorts</name>
    <message>
        <source>Asking the guest…</source>
        <translation>Der Gast wird gefragt …</translation>
    </message>
    <message>
        <source>None of the usual ports</source>
        <translation>Keinem der üblichen Ports</translation>
    </message>
    <message>
        <source>A machine has at most %1 forwards</source>
        <translation>Eine Maschine hat höchstens %1 Weiterleitungen</translation>
    </message>
    <message>
        <source>No free port of this computer was found for port %1</source>
        <translation>Für Port %1 wurde kein freier Port dieses Rechners gefunden</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>The guest listens on port %1; port %2 of this computer leads there</source>
        <translation>Der Gast lauscht auf Port %1; Port %2 dieses Rechners führt dorthin</translation>
    </message>
    <message>
        <source>The guest listens on port %1</source>
        <translation>Der Gast lauscht auf Port %1</translation>
    </message>
</context>
<context>
    <name>ui::models::HostCheckModel</name>
    <message>
        <source>This computer could not be checked</source>
        <translation>Dieser Rechner konnte nicht geprüft werden</translation>
    </message>
    <message>
        <source>This computer is ready for machines</source>
        <translation>Dieser Rechner ist bereit für Maschinen</translation>
    </message>
    <message>
        <source>Machines run here, and some things could be better</source>
        <translation>Maschinen laufen hier, und manches könnte besser sein</translation>
    </message>
    <message>
        <source>Some things need your attention</source>
        <translation>Manches braucht Aufmerksamkeit</translation>
    </message>
</context>
<context>
    <name>ui::models::JobModel</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
</context>
<context>
    <name>ui::models::LibraryModel</name>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Installing</source>
        <translation>Wird installiert</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Suspended</source>
        <translation>Im Ruhezustand</translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation>Fährt herunter</translation>
    </message>
    <message>
        <source>Stopped unexpectedly</source>
        <translation>Unerwartet beendet</translation>
    </message>
    <message>
        <source>Today, %1</source>
        <translation>Heute, %1</translation>
    </message>
    <message>
        <source>Yesterday, %1</source>
        <translation>Gestern, %1</translation>
    </message>
    <message>
        <source>Cannot start</source>
        <translation>Kann nicht starten</translation>
    </message>
</context>
<context>
    <name>ui::models::LoadSeries</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Reads %1</source>
        <translation>Liest %1</translation>
    </message>
    <message>
        <source>Receives %1</source>
        <translation>Empfängt %1</translation>
    </message>
    <message>
        <source>Writes %1</source>
        <translation>Schreibt %1</translation>
    </message>
    <message>
        <source>Sends %1</source>
        <translation>Sendet %1</translation>
    </message>
</context>
<context>
    <name>ui::models::MachineModel</name>
    <message>
        <source>Screenshot saved as %1</source>
        <translation>Bildschirmfoto gespeichert als %1</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Asleep</source>
        <translation>Schläft</translation>
    </message>
    <message>
        <source>Crashed</source>
        <translation>Abgestürzt</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>The machine was asked to shut down</source>
        <translation>Die Maschine wurde gebeten herunterzufahren</translation>
    </message>
    <message>
        <source>%1: the folder cannot be created</source>
        <translation>%1: Der Ordner kann nicht angelegt werden</translation>
    </message>
    <message>
        <source>Only files of this computer can be inserted</source>
        <translation>Nur Dateien dieses Rechners können eingelegt werden</translation>
    </message>
    <message>
        <source>There is no text in the clipboard</source>
        <translation>In der Zwischenablage ist kein Text</translation>
    </message>
    <message>
        <source>Drop one disc image, such as an .iso file, to insert it</source>
        <translation>Ein einzelnes Abbild ablegen, etwa eine .iso-Datei, um es einzulegen</translation>
    </message>
</context>
<context>
    <name>ui::models::PreferencesModel</name>
    <message>
        <source>This takes effect at the next start</source>
        <translation>Das gilt ab dem nächsten Start</translation>
    </message>
    <message>
        <source>This is in effect now</source>
        <translation>Das gilt jetzt</translation>
    </message>
    <message>
        <source>At next start</source>
        <translation>Ab dem nächsten Start</translation>
    </message>
    <message>
        <source>Type a size, such as %1</source>
        <translation>Eine Größe eingeben, etwa %1</translation>
    </message>
    <message>
        <source>The disk has %1; it can only grow</source>
        <translation>Die Festplatte hat %1; sie kann nur wachsen</translation>
    </message>
    <message>
        <source>Ports are numbers from 1 to 65535</source>
        <translation>Ports sind Zahlen von 1 bis 65535</translation>
    </message>
    <message>
        <source>Port %1 of this computer is forwarded already</source>
        <translation>Port %1 dieses Rechners wird schon weitergeleitet</translation>
    </message>
    <message>
        <source>A machine has at most %1 forwards</source>
        <translation>Eine Maschine hat höchstens %1 Weiterleitungen</translation>
    </message>
</context>
<context>
    <name>ui::models::Quantity</name>
    <message>
        <source>%1 TiB</source>
        <translation>%1 TiB</translation>
    </message>
    <message>
        <source>%1 GiB</source>
        <translation>%1 GiB</translation>
    </message>
    <message>
        <source>%1 MiB</source>
        <translation>%1 MiB</translation>
    </message>
    <message>
        <source>%1 KiB</source>
        <translation>%1 KiB</translation>
    </message>
    <message>
        <source>%1 B</source>
        <translation>%1 B</translation>
    </message>
    <message>
        <source>%1/s</source>
        <translation>%1/s</translation>
    </message>
</context>
<context>
    <name>ui::shell::LibraryWindow</name>
    <message>
        <source>The window cannot be shown: Qt Quick or one of its modules is not installed</source>
        <translation>Das Fenster kann nicht gezeigt werden: Qt Quick oder eines seiner Module ist nicht installiert</translation>
    </message>
</context>
<context>
    <name>ui::viewer::GuestWindow</name>
    <message>
        <source>The window cannot be shown: Qt Quick or one of its modules is not installed</source>
        <translation>Das Fenster kann nicht gezeigt werden: Qt Quick oder eines seiner Module ist nicht installiert</translation>
    </message>
</context>
</TS>
