/** What the pages say. `{what}` stands for the topic or channel. */
export interface Texts {
  unsubscribe: string;
  unsubscribeQuestion: string;
  unsubscribeButton: string;
  unsubscribed: string;
  unsubscribedDetail: string;
  preferences: string;
  preferencesIntro: string;
  save: string;
  saved: string;
  push: string;
  email: string;
  allOf: string;
  managePreferences: string;
  badLink: string;
  badLinkDetail: string;
}

const TEXTS: Record<string, Texts> = {
  en: {
    unsubscribe: 'Unsubscribe', unsubscribeQuestion: 'Stop receiving “{what}”?', unsubscribeButton: 'Unsubscribe',
    unsubscribed: 'You are unsubscribed', unsubscribedDetail: 'You will no longer receive “{what}”.',
    preferences: 'Your preferences', preferencesIntro: 'Choose what you would like to receive from us.', save: 'Save', saved: 'Your preferences are saved.',
    push: 'Push notifications', email: 'E-mail', allOf: 'Receive messages this way', managePreferences: 'All preferences',
    badLink: 'This link does not work', badLinkDetail: 'It may have been cut off. Please open it again from the message.',
  },
  de: {
    unsubscribe: 'Abmelden', unsubscribeQuestion: '„{what}“ nicht mehr erhalten?', unsubscribeButton: 'Abmelden',
    unsubscribed: 'Sie sind abgemeldet', unsubscribedDetail: 'Sie erhalten „{what}“ nicht mehr.',
    preferences: 'Ihre Einstellungen', preferencesIntro: 'Wählen Sie, was Sie von uns erhalten möchten.', save: 'Speichern', saved: 'Ihre Einstellungen sind gespeichert.',
    push: 'Push-Mitteilungen', email: 'E-Mail', allOf: 'Nachrichten auf diesem Weg erhalten', managePreferences: 'Alle Einstellungen',
    badLink: 'Dieser Link funktioniert nicht', badLinkDetail: 'Vielleicht wurde er abgeschnitten. Bitte öffnen Sie ihn noch einmal aus der Nachricht.',
  },
  fr: {
    unsubscribe: 'Se désabonner', unsubscribeQuestion: 'Ne plus recevoir « {what} » ?', unsubscribeButton: 'Se désabonner',
    unsubscribed: 'Vous êtes désabonné', unsubscribedDetail: 'Vous ne recevrez plus « {what} ».',
    preferences: 'Vos préférences', preferencesIntro: 'Choisissez ce que vous souhaitez recevoir de notre part.', save: 'Enregistrer', saved: 'Vos préférences sont enregistrées.',
    push: 'Notifications push', email: 'E-mail', allOf: 'Recevoir des messages par ce moyen', managePreferences: 'Toutes les préférences',
    badLink: 'Ce lien ne fonctionne pas', badLinkDetail: 'Il a peut-être été tronqué. Veuillez le rouvrir depuis le message.',
  },
  es: {
    unsubscribe: 'Darse de baja', unsubscribeQuestion: '¿Dejar de recibir «{what}»?', unsubscribeButton: 'Darse de baja',
    unsubscribed: 'Se ha dado de baja', unsubscribedDetail: 'Ya no recibirá «{what}».',
    preferences: 'Sus preferencias', preferencesIntro: 'Elija lo que desea recibir de nosotros.', save: 'Guardar', saved: 'Sus preferencias se han guardado.',
    push: 'Notificaciones push', email: 'Correo electrónico', allOf: 'Recibir mensajes por este medio', managePreferences: 'Todas las preferencias',
    badLink: 'Este enlace no funciona', badLinkDetail: 'Puede que esté incompleto. Ábralo de nuevo desde el mensaje.',
  },
  it: {
    unsubscribe: 'Annulla iscrizione', unsubscribeQuestion: 'Non ricevere più «{what}»?', unsubscribeButton: 'Annulla iscrizione',
    unsubscribed: 'Iscrizione annullata', unsubscribedDetail: 'Non riceverà più «{what}».',
    preferences: 'Le sue preferenze', preferencesIntro: 'Scelga che cosa desidera ricevere da noi.', save: 'Salva', saved: 'Le preferenze sono state salvate.',
    push: 'Notifiche push', email: 'E-mail', allOf: 'Ricevere messaggi in questo modo', managePreferences: 'Tutte le preferenze',
    badLink: 'Questo link non funziona', badLinkDetail: 'Forse è incompleto. Lo apra di nuovo dal messaggio.',
  },
  nl: {
    unsubscribe: 'Afmelden', unsubscribeQuestion: '‘{what}’ niet meer ontvangen?', unsubscribeButton: 'Afmelden',
    unsubscribed: 'U bent afgemeld', unsubscribedDetail: 'U ontvangt ‘{what}’ niet meer.',
    preferences: 'Uw voorkeuren', preferencesIntro: 'Kies wat u van ons wilt ontvangen.', save: 'Opslaan', saved: 'Uw voorkeuren zijn opgeslagen.',
    push: 'Pushmeldingen', email: 'E-mail', allOf: 'Berichten op deze manier ontvangen', managePreferences: 'Alle voorkeuren',
    badLink: 'Deze link werkt niet', badLinkDetail: 'Misschien is hij afgekapt. Open hem opnieuw vanuit het bericht.',
  },
  pt: {
    unsubscribe: 'Cancelar subscrição', unsubscribeQuestion: 'Deixar de receber “{what}”?', unsubscribeButton: 'Cancelar subscrição',
    unsubscribed: 'Subscrição cancelada', unsubscribedDetail: 'Não voltará a receber “{what}”.',
    preferences: 'As suas preferências', preferencesIntro: 'Escolha o que deseja receber de nós.', save: 'Guardar', saved: 'As suas preferências foram guardadas.',
    push: 'Notificações push', email: 'E-mail', allOf: 'Receber mensagens desta forma', managePreferences: 'Todas as preferências',
    badLink: 'Esta ligação não funciona', badLinkDetail: 'Pode estar incompleta. Abra-a de novo a partir da mensagem.',
  },
  pl: {
    unsubscribe: 'Rezygnacja', unsubscribeQuestion: 'Nie otrzymywać już „{what}”?', unsubscribeButton: 'Rezygnuję',
    unsubscribed: 'Rezygnacja przyjęta', unsubscribedDetail: 'Nie będziesz już otrzymywać „{what}”.',
    preferences: 'Twoje ustawienia', preferencesIntro: 'Wybierz, co chcesz od nas otrzymywać.', save: 'Zapisz', saved: 'Ustawienia zostały zapisane.',
    push: 'Powiadomienia push', email: 'E-mail', allOf: 'Otrzymuj wiadomości tą drogą', managePreferences: 'Wszystkie ustawienia',
    badLink: 'Ten link nie działa', badLinkDetail: 'Mógł zostać ucięty. Otwórz go ponownie z wiadomości.',
  },
};

/** The first of the wished languages that the pages speak, else English. */
export function textsFor(wished: readonly (string | null | undefined)[]): { locale: string; texts: Texts } {
  for (const locale of wished) {
    const language = locale?.toLowerCase().split('-')[0];
    if (language !== undefined && Object.hasOwn(TEXTS, language)) return { locale: locale!, texts: TEXTS[language]! };
  }
  return { locale: 'en', texts: TEXTS.en! };
}

/** Languages of an Accept-Language header, the most wished first. */
export function acceptedLocales(header: string | undefined): string[] {
  return (header ?? '').slice(0, 500).split(',')
    .map((entry) => {
      const [tag, quality] = entry.trim().split(/\s*;\s*q=/i);
      return { tag: tag!, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag) && quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

/** A name by locale in the best language there is: exact, same language, English, any. */
export function nameIn(names: Record<string, string>, wished: readonly (string | null | undefined)[], fallback: string): string {
  const entries = Object.entries(names);
  for (const locale of [...wished, 'en']) {
    if (!locale) continue;
    const exact = entries.find(([tag]) => tag.toLowerCase() === locale.toLowerCase());
    const language = locale.toLowerCase().split('-')[0];
    const near = exact ?? entries.find(([tag]) => tag.toLowerCase() === language) ??
      entries.find(([tag]) => tag.toLowerCase().split('-')[0] === language);
    if (near) return near[1];
  }
  return entries[0]?.[1] ?? fallback;
}
