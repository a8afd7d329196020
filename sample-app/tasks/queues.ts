/** Every queue of the app. */
export const QUEUES = ['postcards', 'mail', 'reports', 'editions'] as const;
